"""The IMAP connector under the suite, on a server without CONDSTORE, SPECIAL-USE and LIST-STATUS."""

import atexit
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import pytest

from tests.conformance.harness_imap import ImapHarness
from tests.servers import pymap
from tests.servers.pymap import Pymap
from tests.servers.tcp_proxy import Proxy


@lru_cache(maxsize=1)
def _running() -> Pymap:
    server = Pymap().start()
    atexit.register(server.stop)
    return server


@contextmanager
def open_harness(tmp_path: Path) -> Iterator[ImapHarness]:
    if not pymap.available():
        pytest.skip("pymap is not installed (PyPI)")
    server = _running()
    server.empty()
    with Proxy(server.port) as proxy:
        yield ImapHarness(server.port, pymap.USER, pymap.PASSWORD, proxy)
