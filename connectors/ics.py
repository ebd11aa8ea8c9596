"""Calendar bytes to invites: the pure reader of iCalendar (RFC 5545) and vCalendar 1.0.

It never raises: what cannot be read becomes a Problem that names line or property. Each VEVENT and each property is
read by itself, VTIMEZONEs only where a private TZID needs them, VALARMs never: one fault loses nothing else. Policies:

- Zones: `ics_zones`. IANA name, then Windows name, then embedded VTIMEZONE, then hints within the name.
- Floating times and dates: X-WR-TIMEZONE, then the calendar's only VTIMEZONE, then (times) a zone that the text names,
  then the caller's zone.
- Encodings: byte order marks, UTF-16 and UTF-32 by their look; a line that is no UTF-8 is Windows-1252.
- Several VCALENDARs and VEVENTs outside of any are read as one. A master given twice: the newer one stands.
- A missing UID is derived from start, title and organizer: the same event gives the same one.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from connectors import ics_zones
from connectors.ics_event import ReadEvent, read_event
from connectors.ics_lines import STOPPED, Component, components, unfold
from connectors.ics_properties import Surroundings, Unreadable, split_property
from connectors.ics_rules import safe_rule
from connectors.ics_text import one_line
from connectors.model import LIMITS, Invite, MailContext, Method, Problem, ReadLimits

MAX_EVENTS = 20_000
MAX_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class Reading:
    """All that one resource or message says: an invite for each UID, and what could not be read."""

    invites: tuple[Invite, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...] = ()
    """Why there is nothing, where that is no fault: a calendar of tasks alone."""


def read_calendar(
    data: bytes,
    *,
    key: str,
    zone: ZoneInfo,
    calendar: str = "",
    owned: bool = True,
    mail: MailContext | None = None,
    received_at: datetime | None = None,
    limits: ReadLimits = LIMITS,
    method: Method | None = None,
) -> Reading:
    """Read one calendar object resource or one iMIP part.

    `key` names it in its calendar, `zone` is the last resort for floating times, `method` the one to assume where the
    calendar has none (the parameter of its Content-Type). Never raises.
    """
    if len(data) > limits.message_bytes:
        return Reading((), (Problem(key, f"{len(data)} bytes are more than the {limits.message_bytes} that are read"),))
    base = Surroundings(
        key=key,
        method=method or Method.PUBLISH,
        producer="",
        fallback=zone,
        stated=False,
        vtimezones={},
        calendar=calendar,
        owned=owned,
        mail=mail,
        limits=limits,
        version1=False,
    )
    try:
        unfolded = unfold(data, line_chars=4 * limits.description_chars, total_bytes=limits.calendar_bytes)
        outer = list(components(unfolded.lines))
        found, problems, notes = _read_all(outer, base, unfolded.notes)
        if not outer:
            problems.append("the file is empty" if not data.strip() else f"line 1: {_no_calendar(data)}")
        problems += [note for note in unfolded.notes if STOPPED in note]
        told = tuple(Problem(key, problem) for problem in problems[:MAX_PROBLEMS])
        return Reading(_invites(found, key, received_at), told, tuple(notes))
    except Exception as error:  # noqa: BLE001 - hostile input must not stop anybody else's work: it never raises
        what = f"the calendar cannot be read: {type(error).__name__}: {one_line(str(error), 200)}"
        return Reading((), (Problem(key, what),))


def _no_calendar(data: bytes) -> str:
    return f"no BEGIN:VCALENDAR anywhere, it begins with {data[:30]!r}"


def _read_all(
    outer: list[Component], base: Surroundings, line_notes: tuple[str, ...]
) -> tuple[list[ReadEvent], list[str], list[str]]:
    """The events, what could not be read, and why a calendar has none."""
    found: list[ReadEvent] = []
    problems: list[str] = []
    notes: list[str] = []
    calendars = [component for component in outer if component.name in ("VCALENDAR", "VEVENT")]
    if not calendars:
        problems += [f"line {other.number}: BEGIN:{other.name[:30]} is no calendar" for other in outer]
    for component in calendars:
        around = _surroundings(component, base)
        events = [component] if component.name == "VEVENT" else _events(component)
        if not events:
            kinds = ", ".join(sorted({child.name[:30] for child in component.children}))
            notes.append(f"line {component.number}: VCALENDAR holds no VEVENT" + (f", only {kinds}" if kinds else ""))
        for child in events[:MAX_EVENTS]:
            try:
                found.append(_with_notes(read_event(child, around), child, line_notes))
            except Unreadable as error:
                problems.append(str(error))
        if len(events) > MAX_EVENTS:
            problems.append(f"{len(events)} VEVENTs, only the first {MAX_EVENTS} are read")
    return found, problems, notes


def _events(component: Component) -> list[Component]:
    """VEVENTs anywhere within, also inside a wrapper that has no business there."""
    found: list[Component] = []
    stack = list(reversed(component.children))
    while stack:
        child = stack.pop()
        if child.name == "VEVENT":
            found.append(child)
        else:
            stack.extend(reversed(child.children))
    return found


def _with_notes(read: ReadEvent, component: Component, notes: tuple[str, ...]) -> ReadEvent:
    last = component.lines[-1].number if component.lines else component.number
    mine = tuple(note for note in notes if component.number <= _line_of(note) <= last + 1)
    return replace(read, event=replace(read.event, repairs=mine + read.event.repairs)) if mine else read


def _line_of(note: str) -> int:
    return int(note.removeprefix("line ").partition(":")[0])


def _surroundings(component: Component, base: Surroundings) -> Surroundings:
    if component.name != "VCALENDAR":
        return base
    head: dict[str, str] = {}
    for line in component.lines:
        try:
            found = split_property(line)
        except ValueError:
            continue
        head.setdefault(found.name, found.value.strip())
    vtimezones = _vtimezones(component)
    stated = ics_zones.iana(head.get("X-WR-TIMEZONE", "")) or _only_zone(vtimezones)
    return replace(
        base,
        method=_method(head.get("METHOD", "")) or base.method,
        producer=one_line(head.get("PRODID", ""), 200),
        fallback=stated or base.fallback,
        stated=stated is not None,
        vtimezones=vtimezones,
        version1=head.get("VERSION", "").startswith("1"),
    )


def _method(text: str) -> Method | None:
    try:
        return Method(text.strip().upper())
    except ValueError:
        return None


def _only_zone(vtimezones: Mapping[str, str]) -> ZoneInfo | None:
    if len(vtimezones) != 1:
        return None
    (name, text), *_ = vtimezones.items()
    resolved = ics_zones.iana(name)
    if resolved is None:
        try:
            resolved = ics_zones.from_vtimezone(text).zone
        except ValueError:
            return None
    return resolved


def _vtimezones(component: Component) -> dict[str, str]:
    found: dict[str, str] = {}
    for child in component.children:
        if child.name != "VTIMEZONE" or len(found) >= 100:
            continue
        tzid = ""
        for line in child.lines:
            if line.text[:4].upper() == "TZID":
                tzid = line.text.partition(":")[2].strip().strip('"')
        rules = [grandchild for grandchild in child.children if grandchild.name in ("STANDARD", "DAYLIGHT")][:50]
        text = ["BEGIN:VTIMEZONE", f"TZID:{tzid}"]
        for rule in rules:
            text += [
                f"BEGIN:{rule.name}",
                *(line.text for line in rule.lines[:200] if _harmless(line.text)),
                f"END:{rule.name}",
            ]
        found.setdefault(tzid, "\r\n".join([*text, "END:VTIMEZONE", ""]))
    return found


def _harmless(line: str) -> bool:
    """Whether a line of a VTIMEZONE can be expanded: of rules, only YEARLY ones, which clock changes are."""
    if line[:5].upper() != "RRULE":
        return True
    rule, note = safe_rule(line.partition(":")[2], datetime(2000, 1, 1, tzinfo=UTC), 1)
    return bool(rule) and not note and "FREQ=YEARLY" in rule


def _invites(found: list[ReadEvent], key: str, received_at: datetime | None) -> tuple[Invite, ...]:
    by_uid: defaultdict[str, list[ReadEvent]] = defaultdict(list)
    for read in found:
        by_uid[read.event.uid].append(read)
    invites = []
    for uid, reads in by_uid.items():
        newest: dict[datetime | None, ReadEvent] = {}
        for read in reads:
            slot = read.event.recurrence_id
            if slot not in newest or _revision(read) >= _revision(newest[slot]):
                newest[slot] = read
        kept = tuple(newest.values())
        source = "".join(_source(uid, read) for read in kept if read.recurrence)
        invites.append(
            Invite(
                key=key,
                uid=uid,
                method=kept[0].event.method,
                events=tuple(read.event for read in kept),
                source=f"BEGIN:VCALENDAR\r\n{source}END:VCALENDAR\r\n" if source else "",
                received_at=received_at,
            )
        )
    return tuple(invites)


def _revision(read: ReadEvent) -> tuple[int, float]:
    return (read.event.sequence, read.event.dtstamp.timestamp() if read.event.dtstamp else 0.0)


def _source(uid: str, read: ReadEvent) -> str:
    return "\r\n".join(("BEGIN:VEVENT", f"UID:{uid}", *read.recurrence, "END:VEVENT", ""))
