"""An HTTP server on loopback that does what a test tells it, also what no decent server would."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Scripted:
    """The running server. `answer` is called with the request and the handler, and writes whatever it likes."""

    answer: Callable[[Asked, BaseHTTPRequestHandler], None]
    asked: list[Asked] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def reply(handler: BaseHTTPRequestHandler, body: bytes | str = b"", status: int = 200, **headers: str) -> None:
    """A plain answer; underscores in header names become hyphens."""
    raw = body.encode() if isinstance(body, str) else body
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    if "Content_Length" not in headers:
        handler.send_header("Content-Length", str(len(raw)))
    handler.end_headers()
    handler.wfile.write(raw)


@contextmanager
def scripted(answer: Callable[[Asked, BaseHTTPRequestHandler], None]) -> Iterator[Scripted]:
    """Run it on a free port until the block ends."""
    server = Scripted(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            asked = Asked(self.command, self.path, dict(self.headers.items()), self.rfile.read(length))
            server.asked.append(asked)
            with contextlib.suppress(OSError):
                server.answer(asked, self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name in the standard library)
            return

    for method in ("GET", "POST", "PROPFIND", "REPORT", "OPTIONS", "PUT", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.handle_any)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        http.block_on_close = False
        server.port = http.server_address[1]
        thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.stopping.set()
            http.shutdown()
            thread.join()
