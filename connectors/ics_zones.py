"""Which zone a TZID means.

Order, and why: an IANA name before the VTIMEZONE that comes with it (producers embed stale or cut-down rules: Exchange
writes `GMT Standard Time` without summer time), then a Windows name by Unicode CLDR's map, then what producers wrap
around an IANA name, then the embedded VTIMEZONE of a private name, then a city or an offset within the name. A
VTIMEZONE is matched to the IANA zone with the same offsets, so that every zone that leaves here has a name; where none
matches, times are exact but given in UTC.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

import icalendar
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from connectors import quirks

_WINDOWS = {name.casefold(): zone for name, zone in WINDOWS_TO_OLSON.items()}
_SAMPLES = tuple(
    datetime(year, month, day, 12, tzinfo=UTC)
    for year in (2024, 2026)
    for month in range(1, 13)
    for day in (1, 10, 19, 28)
)
_OLD_SAMPLES = tuple(datetime(2004, month, day, 12, tzinfo=UTC) for month in range(1, 13) for day in (1, 10, 19, 28))
_COMMON = (
    "UTC", "Europe/London", "Europe/Berlin", "America/New_York", "America/Chicago", "America/Denver",
    "America/Los_Angeles", "Asia/Kolkata", "Asia/Tokyo", "Asia/Shanghai", "Australia/Sydney", "Europe/Helsinki",
    "America/Sao_Paulo",
)  # fmt: skip
"""Tried first, so that of several zones with the same offsets the best known one is named."""
_HINTS = {
    "atlantic time": "America/Halifax", "eastern": "America/New_York", "central time": "America/Chicago",
    "mountain time": "America/Denver", "pacific time": "America/Los_Angeles", "arizona": "America/Phoenix",
    "brasília": "America/Sao_Paulo", "western/central europe": "Europe/Berlin", "central europe": "Europe/Berlin",
    "new delhi": "Asia/Kolkata", "beijing": "Asia/Shanghai", "osaka": "Asia/Tokyo",
}  # fmt: skip
"""Parts of display names that are no city of the IANA list."""
_TEXT_ABBREVIATIONS = {
    "PT": "America/Los_Angeles", "PST": "America/Los_Angeles", "PDT": "America/Los_Angeles",
    "PACIFIC": "America/Los_Angeles",
    "MT": "America/Denver", "MST": "America/Denver", "MDT": "America/Denver", "MOUNTAIN": "America/Denver",
    "CT": "America/Chicago", "CDT": "America/Chicago", "CENTRAL": "America/Chicago",
    "ET": "America/New_York", "EST": "America/New_York", "EDT": "America/New_York", "EASTERN": "America/New_York",
    "GMT": "Europe/London", "BST": "Europe/London", "UK": "Europe/London",
    "CET": "Europe/Paris", "CEST": "Europe/Paris", "MEZ": "Europe/Berlin", "MESZ": "Europe/Berlin",
    "EET": "Europe/Helsinki", "EEST": "Europe/Helsinki", "WEST": "Europe/Lisbon", "WET": "Europe/Lisbon",
    "JST": "Asia/Tokyo", "KST": "Asia/Seoul", "SGT": "Asia/Singapore", "IST": "Asia/Kolkata",
    "AEST": "Australia/Sydney", "AEDT": "Australia/Sydney", "NZST": "Pacific/Auckland", "NZDT": "Pacific/Auckland",
    "UTC": "UTC",
}  # fmt: skip
_TEXT_TIME = re.compile(
    r"\b\d{1,2}(?:[:.h]\d{2})?\s*(?:[ap]\.?m\.?|Uhr)?\s*\(?(?:US[/ ])?\b("
    + "|".join(_TEXT_ABBREVIATIONS)
    + r")\b(?!\s*[+\-]\d)",
    re.IGNORECASE,
)
_TEXT_NAMED = re.compile(r"\b(Pacific|Mountain|Central|Eastern)\s+(?:Standard\s+|Daylight\s+)?Time\b", re.IGNORECASE)
_TEXT_IANA = re.compile(
    r"\b((?:Africa|America|Asia|Atlantic|Australia|Europe|Indian|Pacific)/[A-Za-z_]+(?:/[A-Za-z_]+)?)\b"
)


@dataclass(frozen=True, slots=True)
class Resolved:
    """A zone and what had to be assumed to find it. `exact` computes instants where `zone` only names them."""

    zone: ZoneInfo
    exact: tzinfo
    note: str = ""


@cache
def _names() -> Mapping[str, str]:
    return {name.casefold(): name for name in available_timezones()}


@cache
def _cities() -> Mapping[str, str]:
    wanted = (
        name for name in sorted(available_timezones()) if name.count("/") and not name.startswith(("Etc/", "US/"))
    )
    return {name.rpartition("/")[2].replace("_", " ").casefold(): name for name in wanted}


def iana(name: str) -> ZoneInfo | None:
    """The zone of an IANA name in any case, bare or behind a producer's prefix, or of a Windows name; else None.

    Prefixes: `/freeassociation.sourceforge.net/Tzfile/Europe/Berlin` and `/softwarestudio.org/Olson_20011030_5/...`
    (Evolution), `/mozilla.org/20050126_1/Europe/Berlin` (Sunbird). `US-Eastern`, `America-Chicago` avoid the slash.
    """
    text = name.strip().strip("\"'").replace(" ", "_") if "/" in name else name.strip().strip("\"'")
    folded = text.casefold()
    if folded in ("z", "utc", "gmt", "etc/utc", "greenwich", "coordinated universal time"):
        return ZoneInfo("UTC")
    found = _names().get(folded) or _WINDOWS.get(folded)
    parts = text.strip("/").split("/")
    if re.fullmatch(r"[A-Za-z]+-[A-Za-z_]+", text):
        found = found or _names().get(folded.replace("-", "/", 1))
    for start in range(1, len(parts)):
        found = found or _names().get("/".join(parts[start:]).casefold())
    return ZoneInfo(found) if found else None


def in_text(text: str) -> ZoneInfo | None:
    """A zone that a text names beside a time (`11:00 AM PT`, `9:30 CEST`), as `Pacific Time`, or by its IANA name."""
    sample = text[:20_000]
    if match := _TEXT_IANA.search(sample):
        return iana(match.group(1))
    match = _TEXT_NAMED.search(sample) or _TEXT_TIME.search(sample)
    return ZoneInfo(_TEXT_ABBREVIATIONS[match.group(1).upper()]) if match else None


@dataclass(frozen=True, slots=True)
class Defined:
    """What a VTIMEZONE says, and the IANA zone that has the same offsets today, or had them in 2004."""

    exact: tzinfo
    zone: ZoneInfo | None
    outdated: bool = False


@lru_cache(maxsize=256)
def from_vtimezone(text: str) -> Defined:
    """The zone that VTIMEZONE text defines. Raises ValueError for one that cannot be read."""
    try:
        component = icalendar.Timezone.from_ical(text)
        if not isinstance(component, icalendar.Timezone):
            raise TypeError("it is no VTIMEZONE")  # noqa: TRY301 - joins what icalendar raises
        exact: tzinfo = component.to_tz(lookup_tzid=False)
        now = [moment.astimezone(exact).utcoffset() for moment in _SAMPLES]
        then = [moment.astimezone(exact).utcoffset() for moment in _OLD_SAMPLES]
    except Exception as error:
        raise ValueError(f"{type(error).__name__}: {error}"[:200]) from error
    if (zone := _same_offsets(_SAMPLES, now)) is not None:
        return Defined(exact, zone)
    zone = _same_offsets(_OLD_SAMPLES, then)
    return Defined(exact, zone, outdated=zone is not None)


def _same_offsets(moments: Sequence[datetime], offsets: Sequence[timedelta | None]) -> ZoneInfo | None:
    for name in dict.fromkeys((*_COMMON, *_WINDOWS.values(), *sorted(available_timezones()))):
        zone = ZoneInfo(name)
        if all(moment.astimezone(zone).utcoffset() == offset for moment, offset in zip(moments, offsets, strict=True)):
            return zone
    return None


def by_hint(name: str) -> Resolved | None:
    """A place or offset within a name: `(UTC+01:00) Amsterdam, Berlin` (Exchange), `(GMT-05.00) Eastern` (Zimbra)."""
    folded = name.casefold()
    found = next((place for hint, place in _HINTS.items() if hint in folded), None)
    words = re.split(r"[,/()]|\bStandard Time\b", name)
    found = found or next((place for word in words if (place := _cities().get(word.strip().casefold()))), None)
    if found:
        return Resolved(ZoneInfo(found), ZoneInfo(found), f"TZID {name[:60]!r} read as {found}")
    offset = quirks.fixed_offset(name)
    if offset is None:
        return None
    whole, rest = divmod(int((offset.utcoffset(None) or timedelta()).total_seconds()), 3600)
    if rest or not -12 <= whole <= 14:
        return Resolved(ZoneInfo("UTC"), offset, f"TZID {name[:60]!r} read as a fixed offset")
    zone = ZoneInfo(f"Etc/GMT{-whole:+d}" if whole else "UTC")
    return Resolved(zone, zone, f"TZID {name[:60]!r} read as a fixed offset")


def resolve(tzid: str, vtimezones: Mapping[str, str], fallback: ZoneInfo) -> Resolved:
    """The zone of a TZID; `vtimezones` maps each embedded TZID to its VTIMEZONE text. Never raises."""
    known = iana(tzid)
    if known is not None:
        return Resolved(known, known)
    note = ""
    defined = None
    text = vtimezones.get(tzid) or vtimezones.get(tzid.strip().strip('"'))
    if text:
        try:
            defined = from_vtimezone(text)
        except ValueError as error:
            note = f"VTIMEZONE {tzid[:60]!r} cannot be read ({error}); "
    if defined is not None and defined.zone is not None:
        if defined.outdated:
            note = f"VTIMEZONE {tzid[:60]!r} has the rules that {defined.zone.key} had in 2004: read as that zone"
        return Resolved(defined.zone, defined.zone if defined.outdated else defined.exact, note)
    hinted = by_hint(tzid)
    if hinted is not None and (defined is None or hinted.zone.key[:4] != "Etc/"):
        return Resolved(hinted.zone, hinted.exact, note + hinted.note)
    if defined is not None:
        return Resolved(
            ZoneInfo("UTC"), defined.exact, f"VTIMEZONE {tzid[:60]!r} is no known zone: times are given in UTC"
        )
    return Resolved(
        fallback, fallback, f"{note}TZID {tzid[:60]!r} is unknown and has no VTIMEZONE: read as {fallback.key}"
    )
