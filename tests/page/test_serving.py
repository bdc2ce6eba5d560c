"""The observatory page as `observatory serve` opens it: on this machine alone, the releases and
nothing else.
"""

from __future__ import annotations

import http.client
import socket

import pytest
from click.testing import CliRunner

import pipelines.command as command
from pipelines.web import listen, serve_releases
from resources.errors import ObservatoryError


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("home")
    releases = tmp_path / "the releases"
    (releases / "2025-12-31" / "r1" / "page").mkdir(parents=True)
    (releases / "index.html").write_text("contents", encoding="utf-8")
    (releases / "2025-12-31" / "r1" / "page" / "index.html").write_text("a page", encoding="utf-8")
    (releases / "2025-12-31" / "r1" / "t.csv").write_text("a,b\n", encoding="utf-8")
    (releases / ".r2.making").mkdir()
    (releases / ".r2.making" / "t.csv").write_text("unfinished", encoding="utf-8")
    (tmp_path / "pseudonym.key").write_text("secret", encoding="utf-8")
    (releases / "out").symlink_to(tmp_path)
    running = serve_releases(releases, listen(0, "observatory page", "--page-port"))
    yield running
    running.stop()


def ask(server, path: str) -> tuple[int, str, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read().decode("utf-8")
    connection.close()
    return answer.status, body, {name.lower(): value for name, value in answer.getheaders()}


def test_it_listens_to_this_machine_alone(server):
    assert server.address[0] == "127.0.0.1"


def test_contents_pages_and_files_are_served_as_what_they_are(server):
    assert ask(server, "/")[:2] == (200, "contents")
    assert ask(server, "/2025-12-31/r1/page/index.html")[:2] == (200, "a page")
    status, body, headers = ask(server, "/2025-12-31/r1/t.csv")
    assert (status, body, headers["content-type"]) == (200, "a,b\n", "text/csv; charset=utf-8")
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/2025-12-31/",
        "/2025-12-31/r1/",
        "/.r2.making/t.csv",
        "/../pseudonym.key",
        "/%2e%2e/pseudonym.key",
        "/out/pseudonym.key",
        "/nothing.html",
    ],
)
def test_nothing_else_is_served(server, path):
    status, body, _ = ask(server, path)
    assert status == 404
    assert "secret" not in body and "unfinished" not in body


@pytest.mark.parametrize("option", ["--port", "--page-port"])
def test_a_port_that_is_taken_is_told_in_a_sentence_before_anything_is_made(
    tmp_path, monkeypatch, option
):
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path / "home"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports = {"--port": "0", "--page-port": "0"} | {option: str(taken.getsockname()[1])}
        done = CliRunner().invoke(
            command.cli, ["serve", *(word for pair in ports.items() for word in pair)]
        )
    assert isinstance(done.exception, ObservatoryError) and option in str(done.exception)
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    "ports", [("--port", "70000"), ("--page-port", "-1"), ("--port", "4711", "--page-port", "4711")]
)
def test_a_port_out_of_range_or_given_twice_is_refused_at_once(tmp_path, monkeypatch, ports):
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path / "home"))
    done = CliRunner().invoke(command.cli, ["serve", *ports])
    assert done.exit_code == 2 and "--p" in done.output
    assert not (tmp_path / "home").exists()
