"""Repairs of real producers' faults. Each says who makes the fault; what was mended is told in Event.repairs.

Faults of line structure (bare LF, blank lines, text that was not folded) are mended where lines are made: `ics_lines`.
"""

import quopri
import re
from datetime import UTC, date, datetime, timedelta, timezone

_BARE_TYPES = {
    "QUOTED-PRINTABLE": "ENCODING",
    "BASE64": "ENCODING",
    "8BIT": "ENCODING",
    "7BIT": "ENCODING",
    "DATE": "VALUE",
}
_LOOSE_TIME = re.compile(
    r"^\s*(\d{4})-?(\d{2})-?(\d{2})"
    r"(?:[T ](\d{2})(?::?(\d{2}))?(?::?(\d{2}))?(?:[.,]\d+)?\s*(Z|[+-]\d{2}:?\d{2})?)?\s*$",
    re.IGNORECASE,
)
_COLON_ZONE = re.compile(r";TZID=(\(?(?:GMT|UTC)[+\-]\d{1,2}:\d\d[^:;\"]*)(?=[:;])", re.IGNORECASE)
_OFFSET_NAME = re.compile(r"^[\s(\"]*(?:UTC|GMT|Etc/GMT)?\s*([+-])(\d{1,2})[:.]?(\d{2})?\)?", re.IGNORECASE)


def colon_in_zone_name(line: str) -> str:
    """`TZID=(GMT-05:00) Eastern:2026...` with the name put in quotes, as its colon requires (Zimbra, Outlook 2003)."""
    return _COLON_ZONE.sub(r';TZID="\1"', line, count=1)


def bare_parameters(head: str) -> str:
    """`DTSTART;DATE:`, `SUMMARY;QUOTED-PRINTABLE:`: vCalendar 1.0 (phones, Palm, Outlook 97) leaves the name out."""
    parts = head.split(";")
    fixed = [parts[0]]
    for part in parts[1:]:
        word = part.strip()
        if not word:
            continue
        fixed.append(word if "=" in word else f"{_BARE_TYPES.get(word.upper(), 'X-BARE')}={word}")
    return ";".join(fixed)


def split_loosely(line: str) -> tuple[str, dict[str, str], str]:
    """Name, parameters and value of a line that the strict grammar refuses.

    Quotes within a CN (Lotus Notes, Exchange), bare parameters. Raises ValueError where there is no name and value.
    """
    match = re.match(r'([A-Za-z0-9.\-]+)((?:;(?:"[^"]*"|[^":;]|:(?=\d\d[)\s]))*)*):(.*)', line, re.DOTALL)
    if match is None:
        match = re.match(r"([A-Za-z0-9.\-]+)((?:;[^:]*)?):(.*)", line, re.DOTALL)
    if match is None:
        raise ValueError("no colon parts a name from a value")
    name, head, value = match.group(1), match.group(2) or "", match.group(3)
    if (uri := re.search(r'(?i)[:"](mailto:\S+)$', line)) and name.upper() in ("ATTENDEE", "ORGANIZER"):
        value = uri.group(1)
        head = line[len(name) : uri.start(1) - 1]
    parameters = {}
    for part in re.split(r";(?=[A-Za-z0-9\-]+=|[A-Za-z0-9\-]+(?:;|$))", bare_parameters(head))[1:]:
        key, _, raw = part.partition("=")
        parameters[key.strip().upper()] = raw.strip().strip('"')
    return name.rpartition(".")[2].upper(), parameters, value


def loose_time(value: str) -> date | datetime:
    """ISO 8601 with dashes and colons, without seconds, with an offset, with fractions, 24:00, a date too short.

    Home-made exporters, JavaScript's toISOString, Lotus Notes. The result is aware where an offset or Z is given.
    Raises ValueError.
    """
    match = _LOOSE_TIME.match(value)
    if match is None:
        raise ValueError(f"{value[:40]!r} is no date or time")
    year, month, day = (int(match.group(i)) for i in (1, 2, 3))
    if match.group(4) is None:
        return date(year, month, day)
    hour, minute, second = (int(match.group(i) or 0) for i in (4, 5, 6))
    carry = timedelta(days=1) if (hour, minute) == (24, 0) else timedelta()
    moment = datetime(year, month, day, 0 if carry else hour, minute, min(second, 59)) + carry  # noqa: DTZ001 - the zone follows
    offset = match.group(7)
    if offset is None:
        return moment
    if offset.upper() == "Z":
        return moment.replace(tzinfo=UTC)
    return moment.replace(tzinfo=fixed_offset(offset))


def fixed_offset(text: str) -> timezone | None:
    """`UTC+02:00`, `GMT-0500`, `(GMT+01.00) Sarajevo`: an offset as a zone name (Zimbra, Yahoo, web forms)."""
    match = _OFFSET_NAME.match(text)
    if match is None:
        return None
    minutes = int(match.group(2)) * 60 + int(match.group(3) or 0)
    if minutes > 14 * 60:
        return None
    return timezone(timedelta(minutes=-minutes if match.group(1) == "-" else minutes))


def quoted_printable(value: str, charset: str) -> str:
    """ENCODING=QUOTED-PRINTABLE with CHARSET: vCalendar 1.0 texts, still sent by phones and by Lotus Notes."""
    raw = quopri.decodestring(value.encode("utf-8", "replace"))
    try:
        return raw.decode(charset or "utf-8")
    except (LookupError, UnicodeDecodeError):
        return raw.decode("utf-8", "replace")


def recurrence_rule(rule: str) -> str:
    """An RRULE without empty parts, INTERVAL=0, spaces, or COUNT beside UNTIL (Yahoo, SAP, home-made exporters).

    With both COUNT and UNTIL, which RFC 5545 section 3.3.10 forbids, UNTIL stays.
    """
    parts: dict[str, str] = {}
    for part in rule.strip().strip(";").split(";"):
        key, equals, value = part.replace(" ", "").partition("=")
        if equals and value and not (key.upper() == "INTERVAL" and not value.strip("0")):
            parts.setdefault(key.upper(), value.upper())
    if "UNTIL" in parts:
        parts.pop("COUNT", None)
    return ";".join(f"{key}={value}" for key, value in parts.items())
