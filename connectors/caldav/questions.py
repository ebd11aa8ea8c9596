"""The bodies of the requests: PROPFIND (RFC 4918 section 9.1) and the reports of RFC 4791 and RFC 6578."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from lxml import etree
from lxml.builder import ElementMaker

from connectors.model import Window

DAV = "DAV:"
CALDAV = "urn:ietf:params:xml:ns:caldav"
CALENDARSERVER = "http://calendarserver.org/ns/"
"""Of the CTag: caldav-ctag-03 of the CalendarServer project."""

_NAMES = {"d": DAV, "c": CALDAV, "s": CALENDARSERVER}
_D = ElementMaker(namespace=DAV, nsmap=_NAMES)
_C = ElementMaker(namespace=CALDAV, nsmap=_NAMES)
_S = ElementMaker(namespace=CALENDARSERVER, nsmap=_NAMES)


def principal() -> bytes:
    """Who is logged in, what is at this address, and where their calendars are (RFC 5397, RFC 4791 section 6.2.1)."""
    return _text(
        _D.propfind(
            _D.prop(
                _D("current-user-principal"),
                _D.resourcetype(),
                _C("calendar-home-set"),
                _C("schedule-inbox-URL"),
            )
        )
    )


def collections() -> bytes:
    """All that is asked of each calendar in a cycle: that one answer tells which of them changed."""
    return _text(
        _D.propfind(
            _D.prop(
                _D.resourcetype(),
                _D.displayname(),
                _D("sync-token"),
                _D.owner(),
                _C("supported-calendar-component-set"),
                _S.getctag(),
            )
        )
    )


def members() -> bytes:
    """The ETag of each member of a collection."""
    return _text(_D.propfind(_D.prop(_D.getetag(), _D.resourcetype())))


def query(window: Window) -> bytes:
    """The ETag of each resource with a VEVENT that touches the window (RFC 4791 section 7.8)."""
    span = _C("time-range", start=_utc(window.start), end=_utc(window.end))
    events = _C("comp-filter", span, name="VEVENT")
    return _text(_C("calendar-query", _D.prop(_D.getetag()), _C.filter(_C("comp-filter", events, name="VCALENDAR"))))


def multiget(hrefs: Sequence[str], *, data: bool = True) -> bytes:
    """These resources (RFC 4791 section 7.9), or without `data` only whether they are there."""
    wanted = [_D.getetag(), _D.getlastmodified(), _C("calendar-data")] if data else [_D.getetag()]
    return _text(_C("calendar-multiget", _D.prop(*wanted), *(_D.href(href) for href in hrefs)))


def sync(token: str) -> bytes:
    """What changed since the token (RFC 6578 section 3.2)."""
    return _text(_D("sync-collection", _D("sync-token", token), _D("sync-level", "1"), _D.prop(_D.getetag())))


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(element: Any) -> bytes:
    text: bytes = etree.tostring(element, xml_declaration=True, encoding="utf-8")
    return text
