"""One kept connection per account, opened when it is needed, dropped when it is out of step."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from connectors.errors import ConnectorError
from connectors.imap.connection import Connection, Login, Server, connect
from connectors.imap.errors import translate, translated
from connectors.imap.wire import Refused

_FRESH = 30.0
"""Seconds after which a kept connection is asked for a sign of life before it is trusted with a command."""


class Session:
    """Lends its connection to one caller at a time."""

    def __init__(self, server: Server, login: Login, *, account: str) -> None:
        self.server = server
        self.login = login
        self.account = account
        self._connection: Connection | None = None
        self._used = 0.0
        self._lock = threading.RLock()

    @contextmanager
    def use(self, operation: str) -> Iterator[Connection]:
        """A connection for one operation. Raises ConnectorError for everything that goes wrong outside.

        After an error that leaves commands unanswered, or a lost line, the connection is dropped; the next use opens
        another. Nothing is tried twice here: that is the caller's to decide.
        """
        with self._lock, translated(self.account, operation):
            connection = self._ready()
            try:
                yield connection
            except BaseException as error:
                if not connection.wire.in_step or not isinstance(error, (Refused, ConnectorError)):
                    self._drop()
                raise
            if not connection.wire.in_step:
                self._drop()
            self._used = time.monotonic()

    @property
    def key(self) -> str:
        """Which login on which server this is."""
        return f"{self.login.username}@{self.server.host}:{self.server.port}"

    def another(self) -> Connection:
        """A connection of its own, for one who waits on it. Raises ConnectorError."""
        return connect(self.server, self.login, account=self.account)

    def close(self) -> None:
        """Let go of the connection; the next use opens another."""
        with self._lock:
            self._drop()

    def _ready(self) -> Connection:
        if self._connection is not None and time.monotonic() - self._used > _FRESH and not self._alive():
            self._drop()
        if self._connection is None:
            self._connection = connect(self.server, self.login, account=self.account)
        self._used = time.monotonic()
        return self._connection

    def _alive(self) -> bool:
        if self._connection is None:
            return False
        sock = self._connection.wire.sock
        usual = sock.gettimeout()
        try:
            sock.settimeout(min(10.0, usual or 10.0))
            self._connection.wire.run(b"NOOP")
        except Exception as error:
            if translate(error) is None:
                raise
            return False
        else:
            return True
        finally:
            sock.settimeout(usual)

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
