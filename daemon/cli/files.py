"""Calendar data straight from files, for `explain` and `preview`: no config, no store, no mailbox."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors import ics, imip, itip
from connectors.model import LIMITS, Event, Invite

_ONE_INTERVIEW = timedelta(days=1)
MAIL_SUFFIXES = frozenset({".eml", ".mail", ".msg", ".mbox"})


@dataclass(frozen=True, slots=True)
class Found:
    """The events of one PATH, or why there is none."""

    path: Path
    events: tuple[Event, ...] = ()
    beside: tuple[Event, ...] = ()
    """What the same messages say under other UIDs around the same time: an interview may have been invited twice."""
    error: str | None = None


def read_path(path: Path, *, zone: ZoneInfo, addresses: Collection[str], every: bool = False) -> Found:
    """Read an .ics file, an .eml message, or a folder with one event's messages in name order.

    Without `every`, at most one event is given: the one that the file or the messages are about. Raises nothing; a
    path that cannot be read has an `error`.
    """
    invites: list[Invite] = []
    problems: list[str] = []
    try:
        for order, file in enumerate(_files(path)):
            reading = _read(file, f"{order:06}", zone)
            invites.extend(reading.invites)
            problems.extend(f"{file.name}: {p.what}" if path.is_dir() else p.what for p in reading.problems)
    except OSError as error:
        return Found(path, error=f"{error.strerror or 'it cannot be read'}: {path}")
    events: tuple[Event, ...]
    beside: tuple[Event, ...] = ()
    if every:
        events = itip.all_occurrences(invites, addresses, LIMITS)
    else:
        events, beside = _subject(invites, addresses)
    if events:
        return Found(path, events, beside)
    return Found(path, error="; ".join(problems) or "there is no event in it")


def _subject(invites: Sequence[Invite], addresses: Collection[str]) -> tuple[tuple[Event, ...], tuple[Event, ...]]:
    subject = itip.subject_occurrence(invites, addresses)
    if subject is None:
        return (), ()
    by_uid: dict[str, list[Invite]] = {}
    for invite in invites:
        if invite.uid != subject.uid:
            by_uid.setdefault(invite.uid, []).append(invite)
    others = (itip.subject_occurrence(group, addresses) for group in by_uid.values())
    return (subject,), tuple(e for e in others if e is not None and abs(e.start - subject.start) <= _ONE_INTERVIEW)


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(child for child in path.iterdir() if child.is_file() and not child.name.startswith("."))
    else:
        yield path


def _read(file: Path, key: str, zone: ZoneInfo) -> ics.Reading:
    with file.open("rb") as stream:
        data = stream.read(LIMITS.message_bytes + 1)
    if _is_mail(file, data):
        return imip.read_message(data, key=key, zone=zone)
    return ics.read_calendar(data, key=key, zone=zone)


def _is_mail(file: Path, data: bytes) -> bool:
    if file.suffix.lower() in MAIL_SUFFIXES:
        return True
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").upper()
    return not head.startswith(b"BEGIN:") and b"BEGIN:VCALENDAR" not in head and file.suffix.lower() != ".ics"
