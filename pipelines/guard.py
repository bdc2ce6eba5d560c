"""The guard before what the observatory serves: who may ask, from which page, and how.

Belongs here: one piece of ASGI that stands in front of Dagster's web server and of the observatory
page, and the session by which a browser is known. Does not belong here: what is served
(`pipelines.web`).

A browser lets any page send a request to this machine, and a name that its owner points at
127.0.0.1 makes that page the server's own. So nothing that a page can forge is trusted: the address
asked for (`Host`) and the page that asks (`Origin`) must be known ones, nothing is changed by a GET
or by a body that a plain form can send, and the Dagster UI wants a cookie that only the address
printed by `observatory serve` sets.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from resources.errors import ObservatoryError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OPENING = "/open-session"
"""Where a one-time token is given for a session."""

MOST_BODY_BYTES = 8 * 1024 * 1024
MOST_HEADER_BYTES = 32 * 1024

SAID = {
    400: "The request is not one that a browser makes here.",
    401: (
        "This page belongs to whoever started `observatory serve`. Open the address that it"
        " printed."
    ),
    403: "The page that asked is not one of this server's own.",
    405: "This way of asking is not allowed here.",
    413: "The request is too large.",
    415: "A request's body is application/json here.",
    421: "This server does not answer to that name. OBSERVATORY_WEB_HOSTS lists further names.",
    431: "The request's headers are too large.",
}


@dataclass(frozen=True)
class Names:
    """By which names the server may be asked (`hosts`) and from which pages (`origins`), in lower
    case.
    """

    hosts: frozenset[str]
    origins: frozenset[str]

    @classmethod
    def of(cls, port: int, further: str = "") -> Names:
        """Take the machine's own names at `port`, and those of the setting OBSERVATORY_WEB_HOSTS.

        `further` is a list with commas: `observatory.example.gov.uk`, or with scheme and port
        `http://intranet:8080`. Without a scheme it is https: that is what a reverse proxy is for.

        Raises:
            ObservatoryError: an entry is no name.
        """
        own = {
            f"{name}{end}"
            for name in ("127.0.0.1", "localhost")
            for end in (f":{port}", "")
            # browsers leave the port out only where it is 80
            if end or port == 80
        }
        hosts, origins = set(own), {f"http://{name}" for name in own}
        for entry in filter(None, (each.strip().lower() for each in further.split(","))):
            parts = urlsplit(entry if "://" in entry else f"https://{entry}")
            # a port that is no number is found wrong only when it is asked for
            try:
                is_name = (
                    parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1)
                )
            except ValueError:
                is_name = False
            if (
                not is_name
                or parts.path not in {"", "/"}
                or parts.query
                or "@" in parts.netloc
                or "*" in parts.netloc
            ):
                raise ObservatoryError(
                    f"OBSERVATORY_WEB_HOSTS holds '{entry}'; a name such as"
                    " observatory.example.gov.uk or https://name:port was expected, with commas"
                    " between several."
                )
            hosts.add(parts.netloc)
            origins.add(f"{parts.scheme}://{parts.netloc}")
        return cls(frozenset(hosts), frozenset(origins))


class Session:
    """The session of whoever started the server: a secret cookie, and one-time tokens that are
    given for it.

    `announce` is told each new token: at the start, and again when one was used, so that another
    browser can be let in.
    """

    def __init__(self, port: int, announce: Callable[[str], None]) -> None:
        # cookies do not know ports: two observatories on one machine must not take each other's
        self.cookie = f"observatory_{port}"
        self._secret, self._token = secrets.token_urlsafe(32), ""
        self._announce, self._lock = announce, threading.Lock()
        self.renew()

    def renew(self) -> None:
        """Make a new one-time token and announce it."""
        self._token = secrets.token_urlsafe(32)
        self._announce(self._token)

    def open(self, token: str) -> str | None:
        """The `Set-Cookie` that a one-time token is given for; None if it is not the one, or was
        used before.
        """
        # a token opens one session, however many ask at the same moment
        with self._lock:
            # compared in a time that does not tell how much of it was right
            if not self._token or not hmac.compare_digest(token.encode(), self._token.encode()):
                return None
            self._token = ""
        self.renew()
        # no script reads it, and no other site's page sends it
        return f"{self.cookie}={self._secret}; Path=/; HttpOnly; SameSite=Strict"

    def knows(self, cookies: Iterable[str]) -> bool:
        """Whether these `Cookie` headers hold the session's cookie."""
        for pair in (pair.strip() for header in cookies for pair in header.split(";")):
            name, _, value = pair.partition("=")
            if name == self.cookie and hmac.compare_digest(value.encode(), self._secret.encode()):
                return True
        return False


class Guard:
    """The guard before `app`. With a `session` only its browser is let in; without one anybody may
    read, and only read.

    Every refusal is one sentence in plain text. What is let through is passed on as it came.
    """

    def __init__(self, app: App, names: Names, session: Session | None = None) -> None:
        self.app, self.names, self.session = app, names, session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection: refuse it, open a session, or pass it on."""
        # the server's own messages, of its start and its end
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        headers = _Headers(scope)
        if status := self._refusal(scope, headers):
            await _refuse(scope, send, status)
        elif self.session and scope["type"] == "http" and scope["path"] == OPENING:
            await self._open(scope, send)
        elif self.session and not self.session.knows(headers.all("cookie")):
            await _refuse(scope, send, 401)
        elif scope["type"] == "websocket":
            await self.app(scope, receive, send)
        elif (whole := await _read(receive)) is None:
            await _refuse(scope, send, 413)
        else:
            await self.app(scope, whole, _hardened(send))

    def _refusal(self, scope: Scope, headers: _Headers) -> int | None:
        """The status with which a request is refused, whoever sends it."""
        if headers.size > MOST_HEADER_BYTES:
            return 431
        if headers.is_ambiguous or not scope["path"].startswith("/"):
            return 400
        # a name that is not ours may be another site's, which points here
        if headers.one("host") not in self.names.hosts:
            return 421
        origin = headers.one("origin")
        if origin is not None and origin not in self.names.origins:
            return 403
        return self._refused_use(scope, headers, origin)

    def _refused_use(self, scope: Scope, headers: _Headers, origin: str | None) -> int | None:
        """The status with which a request of a known name is refused for what it would do."""
        changes = scope["type"] == "websocket" or scope["method"] == "POST"
        if changes and (not self.session or origin is None):
            return 405 if not self.session else 403
        # a request that a browser makes for another site's page, and that is no click on a link to
        # here
        if (
            headers.one("sec-fetch-site") in {"cross-site", "same-site"}
            and headers.one("sec-fetch-mode") != "navigate"
        ):
            return 403
        if scope["type"] == "websocket":
            return None
        if scope["method"] not in {"GET", "HEAD", "POST"}:
            return 405
        if scope["method"] == "POST":
            # a form of any page can send the three other kinds without the browser asking first
            is_json = (headers.one("content-type") or "").split(";")[
                0
            ].strip() == "application/json"
            # a question belongs in the body; Dagster's pages put its name (`?op=`) in the address
            return None if is_json and not (_is_graphql(scope) and _asks(scope)) else 415
        return 405 if _is_graphql(scope) and _asks(scope) else None

    async def _open(self, scope: Scope, send: Send) -> None:
        assert self.session is not None
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])
        cookie = (
            self.session.open(given[0]) if scope["method"] == "GET" and len(given) == 1 else None
        )
        if cookie is None:
            await _refuse(scope, send, 401)
            return
        headers = [
            (b"location", b"/"),
            (b"set-cookie", cookie.encode()),
            # the address that was asked for held a token: it is neither kept nor told to the next
            # page
            (b"cache-control", b"no-store"),
            (b"referrer-policy", b"no-referrer"),
            (b"content-length", b"0"),
        ]
        await send({"type": "http.response.start", "status": 303, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


class _Headers:
    """A request's headers; of those that decide there may be one only."""

    DECIDE = ("host", "origin", "content-type", "sec-fetch-site", "sec-fetch-mode")

    def __init__(self, scope: Scope) -> None:
        self._all = [
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in scope["headers"]
        ]
        # with the colon, the space and the line's end
        self.size = sum(len(name) + len(value) + 4 for name, value in self._all)
        # of two such headers one might be checked here, and the other believed behind
        self.is_ambiguous = any(len(self.all(name)) > 1 for name in self.DECIDE) or not self.all(
            "host"
        )

    def all(self, name: str) -> list[str]:
        return [value for found, value in self._all if found == name]

    def one(self, name: str) -> str | None:
        found = self.all(name)
        return found[0].strip().lower() if found else None


def _is_graphql(scope: Scope) -> bool:
    return scope["path"].rstrip("/").lower().endswith("/graphql")


def _asks(scope: Scope) -> bool:
    """Whether the address itself holds a question to GraphQL, which Dagster would carry out."""
    # `?query=` asks as well
    return "query" in parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)


async def _read(receive: Receive) -> Receive | None:
    """The request with its whole body, however it is sent; None where that is larger than what is
    taken.
    """
    held, size, more = [], 0, True
    while more:
        message = await receive()
        held.append(message)
        size += len(message.get("body", b""))
        more = message["type"] == "http.request" and message.get("more_body", False)
        if size > MOST_BODY_BYTES:
            return None
    messages = iter(held)

    async def again() -> MutableMapping[str, Any]:
        # then what comes after the body, such as that the browser has left
        return next(messages, None) or await receive()

    return again


HARDENED = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
]


def _hardened(send: Send) -> Send:
    """Answers that no other page may frame, read or guess at."""

    async def hardened(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            ours = {name for name, _ in HARDENED}
            theirs = [
                (name, value)
                for name, value in message.get("headers", [])
                if name.lower() not in ours
            ]
            message = {**message, "headers": [*theirs, *HARDENED]}
        await send(message)

    return hardened


async def _refuse(scope: Scope, send: Send, status: int) -> None:
    if scope["type"] == "websocket":
        await send(
            {"type": "websocket.close", "code": 1008, "reason": ""}
        )  # before it was accepted: 403
        return
    body = f"{SAID[status]}\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),  # what may follow of the body is not read
        *HARDENED,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


__all__ = ["MOST_BODY_BYTES", "MOST_HEADER_BYTES", "OPENING", "Guard", "Names", "Session"]
