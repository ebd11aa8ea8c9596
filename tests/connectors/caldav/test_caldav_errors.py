"""Every exception of the libraries below CalDAV has a place in the taxonomy."""

import importlib
import inspect
import pkgutil

import caldav
import niquests.exceptions
import pytest
import requests.exceptions
from caldav.lib import error as vendor
from lxml import etree

from connectors.caldav.errors import Forbidden, TokenExpired, meaning, translated
from connectors.errors import AuthenticationError, ConnectorError, RateLimited
from connectors.web_errors import meaning as web_meaning


def _exceptions_of_caldav() -> set[type[Exception]]:
    found: set[type[Exception]] = set()
    for module in pkgutil.walk_packages(caldav.__path__, "caldav."):
        if ".jmap" in module.name or module.name in ("caldav.testing", "caldav.__main__"):
            continue
        try:
            loaded = importlib.import_module(module.name)
        except ImportError:
            continue
        found |= {
            c
            for _, c in inspect.getmembers(loaded, inspect.isclass)
            if issubclass(c, Exception) and c.__module__.startswith("caldav")
        }
    return found


def _exceptions_of(module: object, root: type[Exception]) -> set[type[Exception]]:
    return {c for _, c in inspect.getmembers(module, inspect.isclass) if issubclass(c, root)}


def _unmapped(classes: set[type[Exception]]) -> list[str]:
    nothing = meaning.dispatch(object), web_meaning.dispatch(object)
    return sorted(c.__name__ for c in classes if (meaning.dispatch(c), web_meaning.dispatch(c)) == nothing)


def test_every_exception_of_the_library_is_mapped() -> None:
    classes = _exceptions_of_caldav()
    assert vendor.DAVError in classes
    assert len(classes) > 20
    assert _unmapped(classes) == []


def test_every_exception_below_the_library_is_mapped() -> None:
    assert _unmapped(_exceptions_of(niquests.exceptions, niquests.exceptions.RequestException)) == []
    assert _unmapped(_exceptions_of(requests.exceptions, requests.exceptions.RequestException)) == []
    assert _unmapped(_exceptions_of(etree, etree.Error)) == []


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (vendor.AuthorizationError(status=401, reason="hunter2"), AuthenticationError),
        (vendor.AuthorizationError(status=403), Forbidden),
        (vendor.AuthorizationError(status=403, preconditions=["{DAV:}valid-sync-token"]), TokenExpired),
        (vendor.ReportError(preconditions=["{DAV:}valid-sync-token"]), TokenExpired),
        (vendor.RateLimitError(retry_after_seconds=10**9), RateLimited),
    ],
)
def test_what_some_mean(error: Exception, kind: type[ConnectorError]) -> None:
    with pytest.raises(ConnectorError) as caught, translated("erika", "pull"):
        raise error
    assert type(caught.value) is kind
    assert (caught.value.account, caught.value.operation) == ("erika", "pull")
    assert "hunter2" not in str(caught.value)


def test_a_bug_of_ours_comes_out_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError), translated("erika", "pull"):
        _ = 1 / 0
