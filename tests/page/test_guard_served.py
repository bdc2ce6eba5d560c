"""`observatory serve` under attack: what a page open on this machine, or a name pointed at it, may
make it do.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUNS = "mutation { wipeAssets(assetPartitionRanges: []) { __typename } }"
ASKS = "{ version }"


class Instance:
    """A served observatory: its ports, and the session of whoever opened the printed address."""

    def __init__(self, home: Path) -> None:
        self.port, self.page = _free(), _free()
        environment = {
            **os.environ,
            "OBSERVATORY_HOME": str(home),
            "OBSERVATORY_WEB_HOSTS": "observatory.example.gov.uk",
        }
        for name in ("OBSERVATORY_DATABASE_URL", "OBSERVATORY_LANDING", "DAGSTER_HOME"):
            environment.pop(name, None)
        script = "from pipelines.command import main; main()"
        command = [
            sys.executable,
            "-c",
            script,
            "serve",
            "--port",
            str(self.port),
            "--page-port",
            str(self.page),
        ]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
        self.cookie = ""

    def wait(self) -> None:
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.ask("GET", "/server_info")[0] < 500:
                    return
            except OSError:
                time.sleep(0.5)
        raise AssertionError("the served instance did not come up")

    def open(self) -> None:
        while line := self.process.stdout.readline():
            if found := re.search(r"(/open-session\?token=\S+)", line):
                self.link = found[1]
                _, _, headers = self.ask("GET", self.link)
                self.cookie = headers["set-cookie"].split(";")[0]
                self.flags = headers["set-cookie"]
                return

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | str | None = None,
        *,
        port: int = 0,
        **headers: str,
    ) -> tuple[int, str, dict]:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        chunked = headers.get("Transfer-Encoding") == "chunked"
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=60)
        with contextlib.closing(connection):
            # A refusal comes at the headers: the server may close before the body is all sent.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, path, body=body, headers=headers, encode_chunked=chunked)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        return answer.status, text, {name.lower(): value for name, value in answer.getheaders()}


def _free() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    instance = Instance(tmp_path_factory.mktemp("home"))
    try:
        instance.wait()
        instance.open() if not os.environ.get("WITHOUT_SESSION") else None
        yield instance
    finally:
        instance.process.send_signal(signal.SIGTERM)
        code = instance.process.wait(timeout=60)
        instance.process.stdout.close()
        assert code == 0


JSON = "application/json"


def attacks(served: Instance) -> dict[str, tuple[int, str, dict]]:
    """Each attack's answer, sent with the cookie that a browser might be made to send."""
    own, cookie = (
        f"http://127.0.0.1:{served.port}",
        {"Cookie": served.cookie} if served.cookie else {},
    )
    by_get = f"/graphql?query={RUNS.replace(' ', '%20').replace('{', '%7B').replace('}', '%7D')}"
    post = json.dumps({"query": RUNS})
    return {
        "a mutation by GET": served.ask("GET", by_get, Accept="*/*", **cookie),
        "a question by GET": served.ask(
            "GET", "/graphql?query=%7Bversion%7D", Accept="*/*", **cookie
        ),
        "no token": served.ask("POST", "/graphql", post, Content_Type=JSON, Origin=own),
        "no token, a page": served.ask("GET", "/runs"),
        "another's token": served.ask(
            "POST",
            "/graphql",
            post,
            Content_Type=JSON,
            Origin=own,
            Cookie=f"observatory_{served.port}=x",
        ),
        "a name pointed at this machine": served.ask(
            "POST", "/graphql", post, Content_Type=JSON, Host="evil.example", **cookie
        ),
        "the same with its own origin": served.ask(
            "POST",
            "/graphql",
            post,
            Content_Type=JSON,
            Host=f"evil.example:{served.port}",
            Origin=f"http://evil.example:{served.port}",
            **cookie,
        ),
        "another page": served.ask(
            "POST", "/graphql", post, Content_Type=JSON, Origin="https://evil.example", **cookie
        ),
        "another port of this machine": served.ask(
            "POST", "/graphql", post, Content_Type=JSON, Origin="http://127.0.0.1:8000", **cookie
        ),
        "a page without an origin": served.ask(
            "POST", "/graphql", post, Content_Type=JSON, Origin="null", **cookie
        ),
        "a form": served.ask(
            "POST", by_get, "x=1", Content_Type="text/plain", Origin=own, **cookie
        ),
        "a form's words in the address": served.ask(
            "POST", by_get, "{}", Content_Type=JSON, Origin=own, **cookie
        ),
        "chunks": served.ask(
            "POST",
            "/graphql",
            [post.encode()],
            Content_Type="text/plain",
            Transfer_Encoding="chunked",
            Origin=own,
            **cookie,
        ),
        "a report of what never ran": served.ask(
            "POST", "/report_asset_materialization/raw/finding", "{}", Content_Type=JSON, **cookie
        ),
    }


def test_no_attack_is_carried_out(served):
    answers = {name: status for name, (status, _, _) in attacks(served).items()}
    assert {name: status for name, status in answers.items() if status < 400} == {}


def _descendants(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
    return [process, *(deeper for child in children for deeper in _descendants(int(child)))]


def _sockets_of(process: int) -> list[str]:
    """The names at which a process and what it started listen on Unix sockets."""
    inodes = set()
    for one in _descendants(process):
        for handle in Path(f"/proc/{one}/fd").iterdir():
            with contextlib.suppress(OSError):
                inodes.add(handle.readlink().name.removeprefix("socket:[").removesuffix("]"))
    lines = [
        line.split() for line in Path("/proc/net/unix").read_text(encoding="utf-8").splitlines()[1:]
    ]
    return sorted(
        {line[7] for line in lines if len(line) > 7 and line[6] in inodes and line[3] == "00010000"}
    )


@pytest.mark.skipif(
    not Path("/proc/net/unix").exists(), reason="this system does not list its sockets in /proc"
)
def test_nobody_else_sees_or_reaches_what_its_parts_listen_at(served):
    """Dagster's code servers run what they are told to, by whoever reaches their sockets."""
    listening = _sockets_of(served.process.pid)
    assert listening, "the code servers listen somewhere"
    for name in listening:
        folder = Path(name).parent
        assert not name.startswith("@") and stat.S_IMODE(folder.stat().st_mode) == 0o700, name


def test_its_own_browser_is_let_in(served):
    own = f"http://127.0.0.1:{served.port}"
    status, text, _ = served.ask(
        "POST",
        "/graphql",
        json.dumps({"query": ASKS}),
        Content_Type=JSON,
        Origin=own,
        Cookie=served.cookie,
    )
    assert (status, list(json.loads(text)["data"])) == (200, ["version"])
    proxied = {"Host": "observatory.example.gov.uk", "Origin": "https://observatory.example.gov.uk"}
    assert (
        served.ask(
            "POST",
            "/graphql",
            json.dumps({"query": ASKS}),
            Content_Type=JSON,
            Cookie=served.cookie,
            **proxied,
        )[0]
        == 200
    )
    status, text, headers = served.ask("GET", "/runs", Cookie=served.cookie)
    assert status == 200 and "<html" in text
    assert {"HttpOnly", "SameSite=Strict"} <= set(served.flags.split("; "))


@pytest.mark.parametrize("path", ["/", "/assets/curated/host_authority_occupancy", "/runs"])
def test_no_question_of_dagsters_own_pages_is_refused(served, browser, path):
    """A page that is let in, and whose questions are not, is a blank one."""
    own, refused = f"http://127.0.0.1:{served.port}", []
    name, value = served.cookie.split("=", 1)
    context = browser.new_context()
    context.add_cookies([{"name": name, "value": value, "url": own}])
    page = context.new_page()
    page.on(
        "response",
        lambda answer: refused.append(answer.url) if answer.status in range(400, 500) else None,
    )
    page.goto(own + path)
    page.wait_for_load_state("networkidle")
    title = page.title()
    context.close()
    assert (refused, "error" in title) == ([], False)


def test_an_address_opens_one_session(served):
    assert served.ask("GET", served.link)[0] == 401
    assert served.ask("GET", "/open-session?token=")[0] == 401


def test_subscriptions_pass_for_its_own_page_alone(served):
    def handshake(origin: str, cookie: str) -> str:
        with socket.create_connection(("127.0.0.1", served.port), timeout=30) as line:
            line.sendall(
                f"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nUpgrade:"
                f" websocket\r\nConnection: Upgrade\r\nOrigin: {origin}\r\nSec-WebSocket-Key:"
                " dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol:"
                f" graphql-ws\r\nCookie: {cookie}\r\n\r\n".encode()
            )
            return line.recv(4096).decode("latin-1").split("\r\n")[0]

    own = f"http://127.0.0.1:{served.port}"
    assert " 101 " in handshake(own, served.cookie)
    assert " 403 " in handshake("https://evil.example", served.cookie)
    assert " 403 " in handshake("null", served.cookie)
    assert " 403 " in handshake(own, "x=y")


def test_the_page_answers_to_its_own_name_alone(served):
    assert served.ask("GET", "/nothing.html", port=served.page)[0] == 404
    assert served.ask("GET", "/nothing.html", port=served.page, Host="evil.example")[0] == 421
    assert served.ask("POST", "/nothing.html", "x", port=served.page)[0] == 405


def test_nothing_else_of_it_listens_to_the_network(served):
    """Dagster's own web server is behind the guard only if no port of these processes leads around
    it.
    """
    ours = {served.process.pid}
    parents = {}
    for each in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, rest = each.read_text().split(" ", 1)
            parents[int(number)] = int(rest.rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    while more := {child for child, parent in parents.items() if parent in ours} - ours:
        ours |= more
    sockets = {opened for pid in ours for opened in _open(pid)}
    listening = set()
    for line in (
        Path("/proc/net/tcp").read_text().splitlines()[1:]
        + Path("/proc/net/tcp6").read_text().splitlines()[1:]
    ):
        cells = line.split()
        if cells[3] == "0A" and f"socket:[{cells[9]}]" in sockets:
            listening.add(int(cells[1].rsplit(":", 1)[1], 16))
    assert listening == {served.port, served.page}


def _open(pid: int) -> set[str]:
    """What a process has open; what it closes while we look is left out."""
    found = set()
    with contextlib.suppress(OSError):
        for fd in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                found.add(str(fd.readlink()))
    return found
