"""Which zone a TZID means.

Order, and why: an IANA name before the VTIMEZONE that comes with it (producers embed stale or cut-down rules: Exchange
writes `GMT Standard Time` without summer time), then a Windows name by Unicode CLDR's map, then what producers wrap
around an IANA name, then the embedded VTIMEZONE of a private name, then a city or an offset within the name. A
VTIMEZONE is matched to the IANA zone with the same offsets, so that every zone that leaves here has a name; where none
matches, times are exact but given in UTC.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

import icalendar
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from connectors import quirks

_WINDOWS = {name.casefold(): zone for name, zone in WINDOWS_TO_OLSON.items()}
_SAMPLES = tuple(
    datetime(year, month, 15, 12, tzinfo=UTC) for year in (2024, 2025, 2026, 2027) for month in range(1, 13)
)
_BOUNDS = tuple(datetime(2026, month, day, 12, tzinfo=UTC) for month in (3, 4, 9, 10, 11) for day in range(1, 29))
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

    Prefixes: `/freeassociation.sourceforge.net/Tzfile/Europe/Berlin` (Evolution), `/mozilla.org/20050126_1/Europe/Berlin`
    (Sunbird), `/softwarestudio.org/Olson_20011030_5/America/Chicago` (Evolution 1).
    """
    text = name.strip().strip("\"'").replace(" ", "_") if "/" in name else name.strip().strip("\"'")
    folded = text.casefold()
    if folded in ("z", "utc", "gmt", "etc/utc", "greenwich", "coordinated universal time"):
        return ZoneInfo("UTC")
    found = _names().get(folded) or _WINDOWS.get(folded)
    parts = text.strip("/").split("/")
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


@lru_cache(maxsize=256)
def from_vtimezone(text: str) -> tuple[tzinfo, ZoneInfo | None]:
    """The zone that VTIMEZONE text defines, and the IANA zone with the same offsets if there is one.

    Raises ValueError for one that cannot be read.
    """
    try:
        component = icalendar.Timezone.from_ical(text)
        exact = component.to_tz(lookup_tzid=False)
        offsets = [moment.astimezone(exact).utcoffset() for moment in _SAMPLES + _BOUNDS]
    except Exception as error:  # noqa: BLE001 - icalendar lets many kinds through for one bad line (FIELD.md)
        raise ValueError(f"{type(error).__name__}: {error}"[:200]) from error
    for name in (*dict.fromkeys(_WINDOWS.values()), *sorted(available_timezones())):
        zone = ZoneInfo(name)
        for moment, offset in zip(_SAMPLES + _BOUNDS, offsets, strict=True):
            if moment.astimezone(zone).utcoffset() != offset:
                break
        else:
            return exact, zone
    return exact, None


def by_hint(name: str) -> Resolved | None:
    """A city or an offset within a name: `(UTC+01:00) Amsterdam, Berlin, Bern` (Exchange), `(GMT-05.00) Eastern` (Zimbra)."""
    for word in re.split(r"[,/()]|\bStandard Time\b", name):
        zone = _cities().get(word.strip().casefold())
        if zone:
            return Resolved(ZoneInfo(zone), ZoneInfo(zone), f"TZID {name[:60]!r} read as {zone}")
    if "eastern" in name.casefold() and "US" in name:
        return Resolved(
            ZoneInfo("America/New_York"), ZoneInfo("America/New_York"), f"TZID {name[:60]!r} read as US Eastern"
        )
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
    text = vtimezones.get(tzid) or vtimezones.get(tzid.strip().strip('"'))
    if text:
        try:
            exact, named = from_vtimezone(text)
        except ValueError as error:
            note = f"VTIMEZONE {tzid[:60]!r} cannot be read ({error}); "
        else:
            if named is not None:
                return Resolved(named, exact)
            return Resolved(ZoneInfo("UTC"), exact, f"VTIMEZONE {tzid[:60]!r} is no known zone: times are given in UTC")
    hinted = by_hint(tzid)
    if hinted is not None:
        return Resolved(hinted.zone, hinted.exact, note + hinted.note)
    return Resolved(
        fallback, fallback, f"{note}TZID {tzid[:60]!r} is unknown and has no VTIMEZONE: read as {fallback.key}"
    )
