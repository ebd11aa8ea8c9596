"""The HTTP face of the fake: tokens and scopes, batches, field masks, error bodies, outages, and the judge."""

import contextlib
import gzip
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.servers.google_fake.calendars import Calendars
from tests.servers.google_fake.mail import Mail, Refusal
from tests.servers.google_fake.methods import HANDLERS
from tests.servers.google_fake.schema import (
    Route,
    Violation,
    apply_mask,
    check_answer,
    check_mask,
    check_request,
    find,
    parse_mask,
)


@dataclass(frozen=True)
class Asked:
    """One call of the API as it came in; those in a batch are calls of their own."""

    method: str
    path: dict[str, str]
    query: dict[str, list[str]]
    body: Any
    batched: bool


@dataclass
class Access:
    """An access token."""

    scopes: frozenset[str]
    expires: datetime


@dataclass
class Fake:
    """The running server with all its state, for tests to look at and to reach into."""

    mail: Mail = field(default_factory=Mail)
    calendars: Calendars = field(default_factory=Calendars)
    asked: list[Asked] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    http_requests: int = 0
    bytes_out: int = 0
    bytes_in: int = 0
    port: int = 0
    down: bool = False
    refusals: list[Refusal] = field(default_factory=list)
    pages: list[bytes] = field(default_factory=list)
    """Answers of something that stands between, such as a network's login page."""
    cuts: list[str] = field(default_factory=list)
    """Methods whose next call takes effect while its answer is lost."""
    rotates: bool = False
    token_requests: int = 0
    refresh_tokens: dict[str, frozenset[str]] = field(default_factory=dict)
    access_tokens: dict[str, Access] = field(default_factory=dict)
    spoil: "dict[str, Any]" = field(default_factory=dict)
    """Method id -> an answer to give instead, to see whether the judge is awake."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    _ids: "count[int]" = field(default_factory=lambda: count(1))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def token_uri(self) -> str:
        return f"http://127.0.0.1:{self.port}/token"

    def grant(self, *scopes: str) -> str:
        """A refresh token for these scopes, as a login gives it."""
        token = f"refresh-secret-{next(self._ids)}"
        self.refresh_tokens[token] = frozenset(scopes)
        return token

    def expire_access(self) -> None:
        """Every access token given out is no longer good."""
        self.access_tokens.clear()

    def methods(self) -> list[str]:
        """Which methods were called, in order."""
        return [asked.method for asked in self.asked]

    def token(self, form: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        """RFC 6749 section 6."""
        self.token_requests += 1
        old = form.get("refresh_token", [""])[0]
        scopes = self.refresh_tokens.get(old)
        if form.get("client_id") != ["client-1"]:
            return 401, {"error": "invalid_client", "error_description": "The OAuth client was not found."}
        if scopes is None:
            return 400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
        token = f"access-secret-{next(self._ids)}"
        self.access_tokens[token] = Access(scopes, datetime.now(UTC) + timedelta(hours=1))
        answer = {"access_token": token, "expires_in": 3599, "token_type": "Bearer", "scope": " ".join(scopes)}
        if self.rotates:
            del self.refresh_tokens[old]
            answer["refresh_token"] = self.grant(*scopes)
        return 200, answer

    def answer(
        self, verb: str, target: str, headers: dict[str, str], body: bytes, *, batched: bool
    ) -> tuple[int, Any, dict[str, str]]:
        """One call."""
        with self.lock:
            try:
                if self.refusals:
                    raise self.refusals.pop(0)
                return 200, self._call(verb, target, headers, body, batched), {}
            except Violation as violation:
                self.violations.append(str(violation))
                return _error(Refusal(400, "badRequest", f"Violation: {violation}"))
            except Refusal as refusal:
                return _error(refusal)

    def _call(self, verb: str, target: str, headers: dict[str, str], body: bytes, batched: bool) -> Any:
        address = urlsplit(target)
        found = find(verb, address.path)
        if found is None:
            raise Violation(f"there is no method at {verb} {address.path}")
        route, quoted = found
        path = {name: unquote(value) for name, value in quoted.items()}
        query = parse_qs(address.query, keep_blank_values=True)
        sent = json.loads(body) if body else None
        self.asked.append(Asked(route.id, path, query, sent, batched))
        self._authorize(route, headers)
        check_request(route, path, query, sent)
        mask = parse_mask(query["fields"][0]) if "fields" in query else {}
        if mask:
            check_mask(mask, {"$ref": route.response}, route.schemas)
        handler = HANDLERS.get(route.id)
        if handler is None:
            raise Violation(f"this fake does not know {route.id}")
        answer = self.spoil.get(route.id) or handler(self, path, query, sent)
        check_answer(route, answer)
        shown = answer if answer is None else apply_mask(answer, mask, {"$ref": route.response}, route.schemas)
        self._remember_content(shown)
        return shown

    def _remember_content(self, shown: Any) -> None:
        """Which messages' words went out, whatever way."""
        if isinstance(shown, list):
            for each in shown:
                self._remember_content(each)
        elif isinstance(shown, dict):
            if "snippet" in shown or "raw" in shown or '"data"' in json.dumps(shown.get("payload", "")):
                self.mail.served.append((str(shown.get("id")), ",".join(sorted(shown))))
            for each in shown.values():
                self._remember_content(each)

    def _authorize(self, route: Route, headers: dict[str, str]) -> None:
        access = self.access_tokens.get(headers.get("authorization", "").removeprefix("Bearer "))
        if access is None or access.expires < datetime.now(UTC):
            raise Refusal(401, "authError", "Request had invalid authentication credentials.")
        if not access.scopes & route.scopes:
            raise Refusal(403, "insufficientPermissions", "Request had insufficient authentication scopes.")


def _error(refusal: Refusal) -> tuple[int, Any, dict[str, str]]:
    body = {
        "error": {
            "code": refusal.status,
            "message": refusal.message,
            "errors": [{"message": refusal.message, "domain": "global", "reason": refusal.reason}],
        }
    }
    return refusal.status, body, refusal.headers


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    fake: Fake

    def handle_any(self) -> None:
        fake = self.fake
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if fake.down:
            self.close_connection = True
            self.connection.close()
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        if self.path == "/token":
            status, answer = fake.token(parse_qs(body.decode()))
            self._send(status, json.dumps(answer).encode(), "application/json", {})
            return
        fake.http_requests += 1
        fake.bytes_in += len(body)
        if self.path == "/batch":
            self._batch(body, headers)
            return
        if fake.pages:
            self._send(200, fake.pages.pop(0), "text/html", {})
            return
        status, answer, extra = fake.answer(self.command, self.path, headers, body, batched=False)
        if fake.cuts and fake.asked and fake.asked[-1].method in fake.cuts:
            fake.cuts.remove(fake.asked[-1].method)
            self.close_connection = True
            return
        raw = b"" if answer is None else json.dumps(answer).encode()
        self._send(204 if answer is None else status, raw, "application/json; charset=UTF-8", extra)

    def _batch(self, body: bytes, headers: dict[str, str]) -> None:
        boundary = re.search(r'boundary="?([^";]+)', headers["content-type"])
        assert boundary is not None
        answers = []
        for part in body.split(b"--" + boundary.group(1).encode())[1:-1]:
            outer, _, inner = part.strip(b"\r\n").replace(b"\r\n", b"\n").partition(b"\n\n")
            head, _, content = inner.partition(b"\n\n")
            lines = head.decode().split("\n")
            verb, target, _ = lines[0].split(" ")
            own = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
            own["authorization"] = next(
                (line.split(": ", 1)[1] for line in lines[1:] if line.lower().startswith("authorization")),
                headers.get("authorization", ""),
            )
            key = re.search(rb"content-id: <(.*?)>", outer, re.IGNORECASE)
            assert key is not None
            status, answer, _ = self.fake.answer(verb, target, own, content.strip(), batched=True)
            answers.append(
                f"--batch_x\r\nContent-Type: application/http\r\nContent-ID: <response-{key.group(1).decode()}>\r\n\r\n"
                f"HTTP/1.1 {status} OK\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{json.dumps(answer)}\r\n"
            )
        self._send(200, ("".join(answers) + "--batch_x--").encode(), "multipart/mixed; boundary=batch_x", {})

    def _send(self, status: int, raw: bytes, kind: str, extra: dict[str, str]) -> None:
        packed = "gzip" in self.headers.get("Accept-Encoding", "") and len(raw) > 500
        sent = gzip.compress(raw, 6) if packed else raw
        self.fake.bytes_out += len(sent)
        self.send_response(status)
        if raw:
            self.send_header("Content-Type", kind)
        if packed:
            self.send_header("Content-Encoding", "gzip")
        for name, value in extra.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name in the standard library)
        return


@contextmanager
def google_fake() -> Iterator[Fake]:
    """Run it on a free port until the block ends."""
    fake = Fake()
    handler = type("Handler", (_Handler,), {"fake": fake})
    for verb in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(handler, f"do_{verb}", _Handler.handle_any)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        http.daemon_threads = True
        http.block_on_close = False
        fake.port = http.server_address[1]
        thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield fake
        finally:
            with contextlib.suppress(OSError):
                http.shutdown()
            thread.join()
