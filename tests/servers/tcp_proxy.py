"""A TCP proxy on loopback that does to a connection what networks do: cut, half-close, garble, delay, go deaf."""

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

Fault = Callable[["Line", str, bytes], bytes | None]
"""Called for every piece with its direction (`up` to the server, `down` to the client): the octets to pass on instead,
or None to cut the connection."""


@dataclass(eq=False)
class Line:
    """One connection through the proxy."""

    client: socket.socket
    server: socket.socket
    up: int = 0
    """Pieces that the client has sent."""
    down: int = 0
    deaf: bool = False
    """Nothing is passed on any more, and nobody is told: a half-open connection."""

    def close(self) -> None:
        """Cut it on both sides."""
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class Proxy:
    """Listens on `port` and passes everything on to a server, through the fault that is set at the moment."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.fault: Fault | None = None
        self.accepted = 0
        """Connections so far: reconnects can be counted."""
        self._refusing = False
        self._lines: dict[socket.socket, Line] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tcp-proxy", daemon=True)

    def refuse(self) -> None:
        """Cut every connection, and each new one at once."""
        self._refusing = True
        self.cut()

    def accept(self) -> None:
        """End of `refuse`."""
        self._refusing = False

    def cut(self) -> None:
        """Cut every connection that stands."""
        for line in set(self._lines.values()):
            for end in (line.client, line.server):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def deafen(self) -> None:
        """Let every connection that stands hang: half-open, with no word of it."""
        for line in set(self._lines.values()):
            line.deaf = True

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        self._thread.join(5)
        for line in set(self._lines.values()):
            line.close()
        self._listener.close()
        self._selector.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            for key, _ in self._selector.select(1):
                if key.fileobj is self._listener:
                    self._take()
                elif isinstance(key.fileobj, socket.socket):
                    self._pass_on(key.fileobj)

    def _take(self) -> None:
        client, _ = self._listener.accept()
        if self._stop.is_set() or self._refusing:
            client.close()
            return
        self.accepted += 1
        try:
            server = socket.create_connection(("127.0.0.1", self._target), timeout=5)
        except OSError:
            client.close()
            return
        line = Line(client, server)
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._lines[end] = line
            self._selector.register(end, selectors.EVENT_READ)

    def _pass_on(self, source: socket.socket) -> None:
        line = self._lines.get(source)
        if line is None:
            return
        try:
            data = source.recv(65_536)
        except OSError:
            data = b""
        if not data:
            self._end(line)
            return
        if line.deaf:
            return
        upwards = source is line.client
        if upwards:
            line.up += 1
        else:
            line.down += 1
        if self.fault is not None:
            changed = self.fault(line, "up" if upwards else "down", data)
            if changed is None:
                self._end(line)
                return
            data = changed
        try:
            (line.server if upwards else line.client).sendall(data)
        except OSError:
            self._end(line)

    def _end(self, line: Line) -> None:
        for end in (line.client, line.server):
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(end)
            self._lines.pop(end, None)
        line.close()


def cut_after(count: int, direction: str = "up") -> Fault:
    """Cut as soon as this many pieces have gone in a direction, the last one included."""

    def fault(line: Line, way: str, data: bytes) -> bytes | None:
        if way == direction and (line.up if way == "up" else line.down) > count:
            return None
        return data

    return fault


def lose_answer(count: int) -> Fault:
    """Let the client's piece number `count` reach the server, and cut before any answer to it comes back."""

    def fault(line: Line, way: str, data: bytes) -> bytes | None:
        return None if way == "down" and line.up >= count else data

    return fault


def half_close_after(count: int) -> Fault:
    """After this many pieces of the client's, the server's side goes silent for good: the read times out."""

    def fault(line: Line, way: str, data: bytes) -> bytes | None:
        if line.up >= count and way == "down":
            line.deaf = True
            return b""
        return data

    return fault


def garble_after(count: int) -> Fault:
    """Answers to the client's piece number `count` and on come back as noise."""

    def fault(line: Line, way: str, data: bytes) -> bytes | None:
        if way == "down" and line.up >= count:
            return bytes(byte ^ 0x55 for byte in data) + b"\r\n"
        return data

    return fault


def delay(seconds: float) -> Fault:
    """Hold every answer back for a moment."""

    def fault(_line: Line, way: str, data: bytes) -> bytes | None:
        if way == "down":
            time.sleep(seconds)
        return data

    return fault
