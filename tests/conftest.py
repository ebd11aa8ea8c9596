"""What every test may use, and the rule that nothing is skipped where CI says so."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests over the folder beside the checkout skip, visibly, where it is absent."""
    if item.get_closest_marker("shared") is not None and not SHARED.is_dir():
        pytest.skip("the folder ../shared is absent")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # a hook wrapper
    """With AFTERWORD_NO_SKIPS, a skip is a failure, unless it is for want of ../shared."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("AFTERWORD_NO_SKIPS") and not hasattr(report, "wasxfail"):
        if item.get_closest_marker("shared") is not None and not SHARED.is_dir():
            return
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and AFTERWORD_NO_SKIPS forbids that: {report.longrepr}"


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Names that are the same in every worker process: no addresses of functions, no packed bytes."""
    if isinstance(val, bytes):
        return argname
    if callable(val):
        return getattr(val, "__name__", argname)
    return None


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder beside the checkout that holds the corpus and real files of other projects."""
    return SHARED
