"""What changed in one collection since it was last read: RFC 6578 where it serves, else by comparing ETags."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from connectors.caldav import questions
from connectors.caldav.cursor import Known, Reached, digest
from connectors.caldav.discovery import Collection
from connectors.caldav.errors import TokenExpired
from connectors.caldav.multistatus import Member
from connectors.caldav.questions import CALDAV, DAV
from connectors.caldav.wire import ServerFault, Wire
from connectors.errors import ProtocolViolation, TemporaryError, UnsupportedError
from connectors.model import Problem, Window
from connectors.quirks_dav import is_gone
from connectors.web_errors import TooLarge

BATCH: Final = 50
"""Resources in one multiget: what other clients ask for, and far below any server's bound."""
PAGES: Final = 200
MANY: Final = 200
"""More changes than this, and the server is first asked which of them lie in the window."""

MAY_EMPTY: Final = 3
"""So many resources may vanish at once and leave a calendar empty without being taken for a fault."""

_DATA: Final = f"{{{CALDAV}}}calendar-data"
_ETAG: Final = f"{{{DAV}}}getetag"


@dataclass(frozen=True, slots=True)
class Resource:
    """One calendar object resource."""

    path: str
    tag: str
    data: bytes
    modified: str
    """getlastmodified, an HTTP date; often empty."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What is new in a collection."""

    resources: tuple[Resource, ...]
    gone: frozenset[str]
    """Paths of what was removed. In a full reading, of what was known before and is no longer there."""
    token: str
    problems: tuple[Problem, ...] = ()
    left: frozenset[str] = frozenset()
    """Paths of what lies outside of the window and is otherwise as it was: nothing to tell, nothing to remember."""


@dataclass(frozen=True, slots=True)
class _Listing:
    """Members by path: their href as the server writes it, and their ETag."""

    found: Mapping[str, tuple[str, str]]
    gone: frozenset[str] = field(default_factory=frozenset)
    token: str = ""


def is_unchanged(collection: Collection, before: Reached) -> bool:
    """Whether the marks alone say that nothing changed."""
    if collection.ctag and before.ctag:
        return collection.ctag == before.ctag
    return bool(collection.token) and collection.token == before.token


def read_changes(wire: Wire, collection: Collection, before: Reached | None, window: Window, *, full: bool) -> Changes:
    """What changed since `before`; all that touches the window with `full`.

    Raises TemporaryError if all that was known has vanished at once: that is more likely a fault than a wish.
    """
    listing = None if full or before is None else _synced(wire, collection, before, window)
    if listing is not None:
        wanted, gone, left, token = dict(listing.found), listing.gone, frozenset[str](), listing.token
    else:
        known: Mapping[str, Known] = before.known if before else {}
        listed = _listed(wire, collection, window)
        wanted = {p: at for p, at in listed.items() if full or p not in known or known[p].tag != _tag(at[1])}
        # What the query no longer shows was removed, or lies outside of the window now: these are told apart by asking.
        outside = _still_there(wire, collection, [path for path in known if path not in listed])
        moved = {path: at for path, at in outside.items() if known[path].tag != _tag(at[1])}
        wanted |= moved
        left = frozenset(outside.keys() - moved.keys())
        gone = frozenset(path for path in known if path not in listed and path not in outside)
        token = collection.token
    resources, missing, problems = _fetched(wire, collection, wanted)
    changes = Changes(tuple(resources), gone | missing, token, tuple(problems), left)
    if before is not None and not collection.inbox:
        _refuse_emptiness(wire, collection, before, changes)
    return changes


def _refuse_emptiness(wire: Wire, collection: Collection, before: Reached, changes: Changes) -> None:
    if len(before.known) <= MAY_EMPTY or changes.resources or not changes.gone.issuperset(before.known):
        return
    raise TemporaryError(
        f"calendar '{collection.name}' is suddenly empty, {len(before.known)} events were there",
        account=wire.where,
        operation="pull",
        remedy="if you emptied it yourself, take it out of the config, or put an event into it",
    )


def _synced(wire: Wire, collection: Collection, before: Reached, window: Window) -> _Listing | None:
    """By sync-collection; None where it does not serve or the token has expired, which comparing ETags makes good."""
    if not before.token or not collection.token:
        return None
    found: dict[str, tuple[str, str]] = {}
    gone: set[str] = set()
    token = before.token
    try:
        for _ in range(PAGES):
            answer = wire.ask("REPORT", collection.url, questions.sync(token), depth=0, operation="sync")
            for member in _resources(collection, answer.members):
                if is_gone(member.status):
                    gone.add(member.path)
                    found.pop(member.path, None)
                else:
                    gone.discard(member.path)
                    found[member.path] = (member.href, member.text(_ETAG))
            if not answer.sync_token or (answer.truncated and answer.sync_token == token):
                return None
            token = answer.sync_token
            if not answer.truncated:
                break
        else:
            return None
    except (TokenExpired, UnsupportedError, ProtocolViolation, ServerFault):
        return None
    changed = {
        p: at for p, at in found.items() if not at[1] or p not in before.known or before.known[p].tag != _tag(at[1])
    }
    if len(changed) > MANY:
        inside = _listed(wire, collection, window)
        changed = {p: at for p, at in changed.items() if p in inside or p in before.known}
    return _Listing(changed, frozenset(gone), token)


def _listed(wire: Wire, collection: Collection, window: Window) -> dict[str, tuple[str, str]]:
    if collection.inbox:
        members = _propfind(wire, collection)
    else:
        try:
            answer = wire.ask("REPORT", collection.url, questions.query(window), depth=1, operation="query")
            members = answer.members
        except (UnsupportedError, ProtocolViolation, ServerFault):
            # Also where the query fails over one resource that the server itself cannot read (Xandikos 0.4).
            members = _propfind(wire, collection)
    return {m.path: (m.href, m.text(_ETAG)) for m in _resources(collection, members) if 200 <= m.status < 300}


def _propfind(wire: Wire, collection: Collection) -> tuple[Member, ...]:
    return wire.ask("PROPFIND", collection.url, questions.members(), depth=1, operation="list").members


def _resources(collection: Collection, members: Sequence[Member]) -> Iterator[Member]:
    """Without the collection itself and collections within it (iCloud lists them in every report)."""
    here = collection.path.rstrip("/")
    for member in members:
        folder = member.path.endswith("/") or f"{{{DAV}}}collection" in member.children(f"{{{DAV}}}resourcetype")
        if member.path.startswith(f"{here}/") and not folder:
            yield member


def _still_there(wire: Wire, collection: Collection, paths: Sequence[str]) -> dict[str, tuple[str, str]]:
    there: dict[str, tuple[str, str]] = {}
    for batch in _batches(paths):
        answer = wire.ask(
            "REPORT", collection.url, questions.multiget(batch, data=False), depth=None, operation="multiget"
        )
        for member in answer.members:
            if member.path in batch and 200 <= member.status < 300 and member.text(_ETAG):
                there[member.path] = (member.href, member.text(_ETAG))
    return there


def _fetched(
    wire: Wire, collection: Collection, wanted: Mapping[str, tuple[str, str]]
) -> tuple[list[Resource], frozenset[str], list[Problem]]:
    resources: list[Resource] = []
    missing: set[str] = set()
    problems: list[Problem] = []
    waiting = list(_batches(list(wanted)))
    while waiting:
        batch = waiting.pop()
        body = questions.multiget([wanted[path][0] for path in batch])
        try:
            answer = wire.ask("REPORT", collection.url, body, depth=None, operation="multiget")
        except (TooLarge, ProtocolViolation, ServerFault) as error:
            # One resource may be at fault: halving finds it in a few requests, and the others come through.
            if len(batch) == 1:
                problems.append(Problem(batch[0], f"it cannot be fetched: {error.message}"))
            else:
                waiting += [batch[: len(batch) // 2], batch[len(batch) // 2 :]]
            continue
        by_path = {member.path: member for member in answer.members}
        absent = [path for path in batch if path not in by_path]
        if absent and len(batch) > 1:
            waiting += [[path] for path in absent]
        elif absent:
            problems.append(Problem(batch[0], "the server did not deliver it"))
        for path in batch:
            member = by_path.get(path)
            if member is None:
                continue
            if is_gone(member.status):
                missing.add(path)
            elif _DATA not in member.properties:
                problems.append(Problem(path, f"the server did not deliver it (status {member.status})"))
            else:
                resources.append(_resource(path, member, wanted[path][1]))
    return resources, frozenset(missing), problems


def _resource(path: str, member: Member, etag: str) -> Resource:
    return Resource(
        path,
        _tag(member.text(_ETAG) or etag),
        (member.properties[_DATA].text or "").encode("utf-8", "surrogatepass"),
        member.text(f"{{{DAV}}}getlastmodified"),
    )


def _tag(etag: str) -> str:
    """Of the ETag, weak or strong: a proxy that packs the answer weakens it."""
    return digest(etag.removeprefix("W/")) if etag else ""


def _batches(paths: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(paths), BATCH):
        yield list(paths[start : start + BATCH])
