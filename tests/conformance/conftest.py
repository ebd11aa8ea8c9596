"""Every `harness_*.py` beside this file is one connector under the suite."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from tests.conformance.harness import Harness

HARNESSES = sorted(path.stem for path in Path(__file__).parent.glob("harness_*.py"))


@pytest.fixture(params=HARNESSES, ids=lambda stem: stem.removeprefix("harness_"))
def harness(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Harness]:
    with import_module(f"tests.conformance.{request.param}").open_harness(tmp_path) as opened:
        yield opened
