"""Exchange by EWS under the suite, on a server that does what a third-party one was seen to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conformance.harness_exchange import ExchangeHarness
from tests.servers.ews_fake.server import ews_fake


@contextmanager
def open_harness(tmp_path: Path) -> Iterator[ExchangeHarness]:
    with ews_fake(odd=True) as fake:
        yield ExchangeHarness(fake)
