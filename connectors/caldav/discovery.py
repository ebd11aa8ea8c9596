"""Where the owner's calendars are: RFC 6764 (well-known address), RFC 5397 (principal), RFC 4791 section 6.2 (home)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import httpx

from connectors.caldav import questions
from connectors.caldav.errors import Forbidden
from connectors.caldav.multistatus import Member
from connectors.caldav.questions import CALDAV, CALENDARSERVER, DAV
from connectors.caldav.wire import WELL_KNOWN, NotFound, Wire
from connectors.errors import AuthenticationError, ConnectorError, ProtocolViolation, UnsupportedError
from connectors.quirks_dav import canonical_path

MOST_COLLECTIONS: Final = 200

_PRINCIPAL: Final = f"{{{DAV}}}current-user-principal"
_TYPE: Final = f"{{{DAV}}}resourcetype"
_HOME: Final = f"{{{CALDAV}}}calendar-home-set"
_INBOX_URL: Final = f"{{{CALDAV}}}schedule-inbox-URL"
_CALENDAR: Final = f"{{{CALDAV}}}calendar"
_INBOX: Final = f"{{{CALDAV}}}schedule-inbox"
_COMPONENTS: Final = f"{{{CALDAV}}}supported-calendar-component-set"


@dataclass(frozen=True, slots=True)
class Home:
    """What stays the same from cycle to cycle: which addresses list the collections."""

    listings: tuple[httpx.URL, ...]
    depth: int
    """1 for a calendar home, 0 where the config names one calendar."""
    principal: str = ""
    """Canonical path."""
    inbox: httpx.URL | None = None


@dataclass(frozen=True, slots=True)
class Collection:
    """A calendar or the scheduling inbox, as it stands now."""

    url: httpx.URL
    path: str
    """Canonical, with the slash at its end."""
    name: str
    token: str
    """sync-token; empty where the server cannot sync-collection."""
    ctag: str
    owned: bool = True
    inbox: bool = False


def find_home(wire: Wire) -> Home:
    """Start from the configured address. Raises ConnectorError if nothing there leads to a calendar."""
    here, member = _first(wire)
    if _CALENDAR in member.children(_TYPE):
        return Home((here,), 0, _principal_path(wire, here, member))
    homes, inbox, base = member.hrefs(_HOME), member.hrefs(_INBOX_URL), here
    principal = member.hrefs(_PRINCIPAL)
    if principal and (not homes or not inbox):
        base = wire.join(here, principal[0], "discovery")
        asked = wire.ask("PROPFIND", base, questions.principal(), depth=0, operation="discovery").members
        for answer in asked[:1]:
            homes, inbox = homes or answer.hrefs(_HOME), inbox or answer.hrefs(_INBOX_URL)
    if not homes:
        msg = f"no calendars are found from {here.host}{here.path}"
        raise UnsupportedError(
            msg, account=wire.where, operation="discovery", remedy="set `url` to the CalDAV address of the provider"
        )
    return Home(
        tuple(wire.join(base, href, "discovery") for href in homes),
        1,
        _principal_path(wire, here, member),
        wire.join(base, inbox[0], "discovery") if inbox else None,
    )


def list_collections(wire: Wire, home: Home) -> tuple[Collection, ...]:
    """Every calendar for events, and the scheduling inbox, with the marks that tell whether it changed."""
    found: dict[str, Collection] = {}
    for url in home.listings:
        answer = wire.ask("PROPFIND", url, questions.collections(), depth=home.depth, operation="list calendars")
        for collection in _collections(wire, home, url, answer.members):
            found.setdefault(collection.path, collection)
    if home.inbox is not None and _folder(home.inbox.path) not in found:
        found.update(_inbox(wire, home, home.inbox))
    return tuple(found.values())[:MOST_COLLECTIONS]


def select(collections: Iterable[Collection], wanted: Sequence[str]) -> tuple[tuple[Collection, ...], tuple[str, ...]]:
    """The calendars that the config names, by display name, address or its last part; and names that fit none.

    Without names all of them. The inbox always belongs to them: what lies there is for the owner.
    """
    everything = tuple(collections)
    if not wanted:
        return everything, ()
    chosen = tuple(c for c in everything if c.inbox or any(_is_called(c, name) for name in wanted))
    missing = tuple(name for name in wanted if not any(_is_called(c, name) for c in everything if not c.inbox))
    return chosen, missing


def _first(wire: Wire) -> tuple[httpx.URL, Member]:
    """The first address that answers: the configured one, or the well-known one where no path is configured."""
    configured = wire.server
    well_known = configured.copy_with(path=WELL_KNOWN)
    bare = configured.path in ("", "/")
    failed: ConnectorError | None = None
    for url in (well_known, configured) if bare else (configured, well_known):
        try:
            answer = wire.ask("PROPFIND", url, questions.principal(), depth=0, operation="discovery")
        except (Forbidden, NotFound, ProtocolViolation, UnsupportedError) as error:
            failed = failed if isinstance(failed, (Forbidden, ProtocolViolation)) else error
            continue
        if answer.members:
            return answer.url, answer.members[0]
    raise failed or NotFound("nothing answers there", account=wire.where, operation="discovery")


def _principal_path(wire: Wire, base: httpx.URL, member: Member) -> str:
    found = member.hrefs(_PRINCIPAL)
    return _path(wire.join(base, found[0], "discovery")) if found else ""


def _collections(wire: Wire, home: Home, base: httpx.URL, members: Iterable[Member]) -> Iterable[Collection]:
    for member in members:
        types = member.children(_TYPE)
        inbox = _INBOX in types
        if not inbox and (_CALENDAR not in types or not _holds_events(member)):
            continue
        url = base.join(member.href)
        if not wire.trusts(url):
            continue
        owner = member.hrefs(f"{{{DAV}}}owner")
        path = _folder(_path(url))
        yield Collection(
            url=url,
            path=path,
            name=member.text(f"{{{DAV}}}displayname") or path.rstrip("/").rpartition("/")[2],
            token=member.text(f"{{{DAV}}}sync-token"),
            ctag=member.text(f"{{{CALENDARSERVER}}}getctag"),
            owned=not owner or not home.principal or _folder(_path(base.join(owner[0]))) == _folder(home.principal),
            inbox=inbox,
        )


def _inbox(wire: Wire, home: Home, url: httpx.URL) -> dict[str, Collection]:
    try:
        answer = wire.ask("PROPFIND", url, questions.collections(), depth=0, operation="list calendars")
    except (NotFound, ProtocolViolation, UnsupportedError, AuthenticationError):
        # Some servers announce an inbox that nobody may read; the calendars hold what matters.
        return {}
    return {c.path: c for c in _collections(wire, home, url, answer.members) if c.inbox}


def _holds_events(member: Member) -> bool:
    element = member.properties.get(_COMPONENTS)
    names = set() if element is None else {str(e.get("name", "")).upper() for e in element if isinstance(e.tag, str)}
    return not names or "VEVENT" in names


def _is_called(collection: Collection, name: str) -> bool:
    path = canonical_path(name.rstrip("/"))
    own = collection.path.rstrip("/")
    return (
        name.casefold() == collection.name.casefold()
        or path in (own, own.rpartition("/")[2])
        or name.rstrip("/") == str(collection.url).rstrip("/")
    )


def _path(url: httpx.URL) -> str:
    return canonical_path(url.raw_path.decode("ascii").partition("?")[0])


def _folder(path: str) -> str:
    return path if path.endswith("/") else f"{path}/"
