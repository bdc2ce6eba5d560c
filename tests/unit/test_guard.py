"""The guard, asked by hand over a real connection: what no client library would send included."""

from __future__ import annotations

import contextlib
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.guard import MOST_BODY_BYTES, OPENING, Guard, Names, Session
from pipelines.web import Served, listen
from resources.errors import ObservatoryError


async def _echo(scope, receive, send):
    """Says how many bytes of a body came through."""
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-type", b"text/plain")],
        }
    )
    await send({"type": "http.response.body", "body": f"through: {size}".encode()})


class Desk:
    """A guarded server, its session and the tokens it announced."""

    def __init__(self) -> None:
        listening = listen(0, "test", "--port")
        port = listening.getsockname()[1]
        self.tokens: list[str] = []
        self.session = Session(port, self.tokens.append)
        self.host = f"127.0.0.1:{port}"
        self.served = Served(
            Guard(_echo, Names.of(port, "desk.example.gov.uk"), self.session), listening
        ).start()
        self.cookie = self.session.open(self.tokens[-1]).split(";")[0]

    def say(self, request: bytes) -> tuple[int, str]:
        """The status and text for these bytes."""
        with socket.create_connection(("127.0.0.1", self.served.port), timeout=20) as line:
            line.sendall(request)
            answer = b""
            try:
                while block := line.recv(65536):
                    answer += block
            except ConnectionResetError:
                pass
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), body.decode("latin-1")

    def ask(self, first: str, *headers: str, body: bytes = b"", host: str | None = None) -> int:
        own = [f"Host: {host or self.host}", f"Cookie: {self.cookie}", "Connection: close"]
        lines = [
            f"{first} HTTP/1.1",
            *own,
            *headers,
            *([f"Content-Length: {len(body)}"] if body else []),
            "",
            "",
        ]
        return self.say("\r\n".join(lines).encode("latin-1") + body)[0]


@pytest.fixture(scope="module")
def desk():
    made = Desk()
    yield made
    made.served.stop()


JSON = "Content-Type: application/json"


def test_a_plain_request_of_its_own_page_passes(desk):
    own = f"Origin: http://{desk.host}"
    assert desk.ask("GET /runs?status=query") == 200
    assert desk.ask("HEAD /runs") == 200
    assert desk.ask("POST /graphql", own, JSON, body=b"{}") == 200
    assert (
        desk.ask("POST /graphql", own, "Content-Type: application/json; charset=utf-8", body=b"{}")
        == 200
    )
    assert (
        desk.ask(
            "POST /graphql",
            "Origin: https://desk.example.gov.uk",
            JSON,
            body=b"{}",
            host="desk.example.gov.uk",
        )
        == 200
    )


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1.evil.example",
        "evil.example:80@127.0.0.1",
        "[::1]",
        "0.0.0.0",
    ],
)
def test_another_name_is_refused(desk, host):
    assert desk.ask("GET /", host=host) in {400, 421}


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "https://evil.example",
        "http://desk.example.gov.uk",
        "https://desk.example.gov.uk.evil.example",
        "http://127.0.0.1:8000",
        "",
        "*",
    ],
)
def test_another_origin_is_refused(desk, origin):
    assert desk.ask("POST /graphql", f"Origin: {origin}", JSON, body=b"{}") == 403
    assert desk.ask("GET /", f"Origin: {origin}") == 403


def test_what_another_page_may_send_without_asking_is_refused(desk):
    own = f"Origin: http://{desk.host}"
    assert desk.ask("POST /graphql", JSON, body=b"{}") == 403  # no origin
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain; application/json",
        "application/graphql",
    ):
        assert desk.ask("POST /graphql", own, f"Content-Type: {kind}", body=b"{}") == 415
    assert desk.ask("POST /graphql", own, body=b"{}") == 415
    assert desk.ask("POST /graphql?query=mutation", own, JSON, body=b"{}") == 415
    assert desk.ask("GET /runs", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors") == 403
    assert desk.ask("GET /runs", "Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: cors") == 403
    assert (
        desk.ask("GET /runs", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate") == 200
    )  # a click on a link


@pytest.mark.parametrize(
    "path",
    [
        "/graphql?query=x",
        "/graphql/?query",
        "/%67raphql?query=x",
        "/graphql?a=1&query=x",
        "/GRAPHQL?query=x",
        "/graphql?%71uery=x",
    ],
)
def test_a_question_in_the_address_is_refused(desk, path):
    assert desk.ask(f"GET {path}") == 405
    assert desk.ask(f"HEAD {path}") == 405
    assert desk.ask(f"POST {path}", f"Origin: http://{desk.host}", JSON, body=b"{}") == 415


@pytest.mark.parametrize(
    "path", ["/graphql?op=ShouldShowNux", "/graphql/?op=", "/graphql?op=query", "/graphql?"]
)
def test_a_name_of_the_question_in_the_address_is_no_question(desk, path):
    """Dagster's own pages name each question there, for its logs; the question is in the body."""
    assert desk.ask(f"POST {path}", f"Origin: http://{desk.host}", JSON, body=b"{}") == 200


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "FOO"])
def test_other_ways_of_asking_are_refused(desk, method):
    assert desk.ask(f"{method} /graphql") in {400, 405}


@pytest.mark.parametrize(
    "more",
    ["Host: {host}", "Host: evil.example", "Origin: http://{host}\r\nOrigin: https://evil.example"],
)
def test_a_request_that_can_be_read_in_two_ways_is_refused(desk, more):
    assert desk.ask("GET /", more.format(host=desk.host)) == 400


def test_an_address_with_a_server_in_it_is_refused(desk):
    assert desk.ask("GET http://evil.example/") == 400
    assert desk.ask(f"GET http://{desk.host}/") == 400


def test_headers_and_bodies_are_bounded(desk):
    own = f"Origin: http://{desk.host}"
    assert desk.ask("GET /", f"X-Long: {'x' * 40_000}") == 431
    assert desk.ask("GET /", *[f"X-{n}: y" for n in range(4_000)]) == 431
    assert desk.ask("GET /", f"X-Long: {'x' * 200_000}") in {400, 431}
    large = b"x" * (MOST_BODY_BYTES // 4)
    assert desk.ask("POST /graphql", own, JSON, body=large) == 200
    chunked = (
        b"".join(f"{len(large):x}\r\n".encode() + large + b"\r\n" for _ in range(5)) + b"0\r\n\r\n"
    )
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: {desk.host}\r\nCookie:"
        f" {desk.cookie}\r\n{own}\r\n{JSON}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", desk.served.port), timeout=30) as line:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            line.sendall(head.encode() + chunked)
        try:
            answer = line.recv(4096)
        except ConnectionResetError:
            answer = b"HTTP/1.1 413"
    assert answer.startswith(b"HTTP/1.1 413")


def test_without_the_cookie_nothing_passes(desk):
    for cookie in (
        "",
        "x=y",
        f"{desk.session.cookie}=",
        f"{desk.session.cookie}=x",
        f"other={desk.cookie.split('=')[1]}",
    ):
        request = (
            f"GET / HTTP/1.1\r\nHost: {desk.host}\r\nConnection: close\r\nCookie: {cookie}\r\n\r\n"
        )
        status, said = desk.say(request.encode())
        assert status == 401 and "through" not in said


def test_a_token_is_good_once_and_by_get_alone(desk):
    token = desk.tokens[-1]
    assert desk.ask(f"HEAD {OPENING}?token={token}") == 401
    assert desk.ask(f"GET {OPENING}?token={token}&token={token}") == 401
    assert desk.ask(f"GET {OPENING}?token={token}", host="evil.example") == 421
    assert desk.ask(f"GET {OPENING}?token={token}") == 303
    assert desk.ask(f"GET {OPENING}?token={token}") == 401
    assert desk.tokens[-1] != token  # another browser is let in by another token


@given(st.text(max_size=50))
def test_no_other_token_opens_a_session(token):
    tokens: list[str] = []
    session = Session(1, tokens.append)
    assert session.open(token) is None or token == tokens[0]
    assert not session.knows([token])


@pytest.mark.parametrize(
    "entry",
    ["*", "https://", "a/b", "ftp://a", "a:99999999", "user@a", "https://a?b", "*.example.gov.uk"],
)
def test_a_name_that_is_none_is_told(entry):
    with pytest.raises(ObservatoryError, match="OBSERVATORY_WEB_HOSTS"):
        Names.of(3000, entry)


def test_names_are_this_machines_and_those_of_the_setting():
    names = Names.of(3000, " Desk.example.gov.uk , http://intranet:8080,")
    assert names.hosts == {
        "127.0.0.1:3000",
        "localhost:3000",
        "desk.example.gov.uk",
        "intranet:8080",
    }
    assert names.origins == {
        "http://127.0.0.1:3000",
        "http://localhost:3000",
        "https://desk.example.gov.uk",
        "http://intranet:8080",
    }
