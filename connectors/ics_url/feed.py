"""The Calendar port over one iCalendar file at a secret https address, as Google, Outlook.com, Proton and others give.

The whole file comes each time, so a change is answered with all that touches the window (`full`) and no change with an
empty delta and the same cursor. The address never appears in a cursor, a key, an error or a log: only its host does.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx

from connectors.errors import ConnectorError, CursorExpired, ProtocolViolation, TemporaryError
from connectors.ics import read_calendar
from connectors.model import LIMITS, CalendarDelta, CheckLine, Invite, Window
from connectors.web import Pace, Web, is_secure, is_this_machine
from connectors.web_errors import TooLarge, refusal

MOST_BYTES: Final = 24 * 1024 * 1024
_LIMITS: Final = replace(LIMITS, calendar_bytes=MOST_BYTES)
_AHEAD: Final = timedelta(weeks=5)
"""Read this much beyond the window, so that its daily move does not ask for the whole file again."""
MAY_EMPTY: Final = 3
"""So many events may vanish at once and leave the calendar empty without being taken for a fault."""
_LONGEST_UID: Final = 200
_CURSOR_VERSION: Final = 1
_ADDRESS_REMEDY: Final = "copy the secret iCal address from the calendar's settings again"


@dataclass(slots=True)
class IcsUrl:
    """One .ics address. `address` is asked for the secret at first, and again after a failure: it may be new."""

    name: str
    address: Callable[[], str]
    zone: ZoneInfo
    account: str = ""
    owned: bool = True
    allow_loopback_http: bool = False
    """http to this very machine: for tests."""
    ca_file: Path | None = None
    pace: Pace = field(default_factory=Pace)
    _web: Web | None = None
    _kept: httpx.URL | None = None

    def pull(self, cursor: str | None, window: Window) -> CalendarDelta:
        """All that touches the window if the file changed since `cursor`, else nothing.

        Raises CursorExpired for a cursor that is not ours, TemporaryError for a file that is suddenly empty or ends too
        early, ProtocolViolation for a web page in its place.
        """
        seen = None if cursor is None else _Seen.load(cursor)
        if seen is not None and not seen.covers(window):
            seen = replace(seen, etag="", modified="", digest="")
        response = self._get(seen)
        if response.status_code == HTTPStatus.NOT_MODIFIED and seen is not None and cursor is not None:
            return CalendarDelta((), (), cursor, full=False)
        if response.status_code != HTTPStatus.OK:
            raise refusal(response.status_code, response.headers, self._where, "pull")
        data = response.content
        self._refuse_what_is_no_calendar(data)
        digest = _digest(data)
        if seen is not None and cursor is not None and digest == seen.digest:
            return CalendarDelta((), (), cursor, full=False)
        reading = read_calendar(
            data,
            key=self.name,
            zone=self.zone,
            calendar=self.name,
            owned=self.owned,
            received_at=_last_modified(response),
            limits=_LIMITS,
        )
        if seen is not None and seen.count > MAY_EMPTY and not reading.invites:
            what = f"the calendar is suddenly empty, {seen.count} events were there"
            raise self._fault(TemporaryError, what, "if you emptied it yourself, take it out of the config")
        covered = Window(window.start, window.end + _AHEAD)
        now = _Seen(
            etag=response.headers.get("ETag", ""),
            modified=response.headers.get("Last-Modified", ""),
            digest=digest,
            count=len(reading.invites),
            window=covered,
        )
        invites = tuple(replace(i, key=_key(i.uid)) for i in reading.invites if _touches(i, covered))
        return CalendarDelta(invites, (), now.dump(), full=True, problems=reading.problems)

    def check(self, *, write: bool = False) -> Sequence[CheckLine]:  # noqa: ARG002 (a calendar is never written)
        """Whether the file can be read, and what is in it."""
        try:
            response = self._get(None)
            if response.status_code != HTTPStatus.OK:
                raise refusal(response.status_code, response.headers, self._where, "check")
            self._refuse_what_is_no_calendar(response.content)
        except ConnectorError as error:
            return (CheckLine("address", "failing", error.message, error.remedy),)
        size = f"{len(response.content) // 1024 + 1} KiB, {response.content.count(b'BEGIN:VEVENT')} events"
        told = any(response.headers.get(h) for h in ("ETag", "Last-Modified"))
        return (CheckLine("address", "ok", size if told else f"{size}; the server cannot say 'unchanged'"),)

    def close(self) -> None:
        """Let go of the connection."""
        if self._web is not None:
            self._web.close()

    @property
    def _where(self) -> str:
        return f"{self.account}, {self.name}" if self.account else self.name

    def _get(self, seen: "_Seen | None") -> httpx.Response:
        headers = {"Accept": "text/calendar, */*;q=0.1"}
        if seen is not None and seen.etag:
            headers["If-None-Match"] = seen.etag
        if seen is not None and seen.modified:
            headers["If-Modified-Since"] = seen.modified
        if self._web is None:
            self._web = Web(self._where, self._may_follow, ca_file=self.ca_file, pace=self.pace)
        url, self._kept = self._kept or self._url(), None
        try:
            response = self._web.fetch("GET", url, operation="pull", most_bytes=MOST_BYTES, headers=headers)
        except TooLarge as error:
            raise self._fault(TooLarge, error.message, "share a calendar with less in it") from None
        if response.status_code in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
            self._kept = url
        return response

    def _url(self) -> httpx.URL:
        text = self.address().strip()
        scheme, colon, rest = text.partition("://")
        if scheme.lower() in ("webcal", "webcals"):
            text = f"https{colon}{rest}"
        try:
            url = httpx.URL(text)
        except httpx.InvalidURL:
            url = httpx.URL("")
        if not url.host or not is_secure(url, allow_loopback=self.allow_loopback_http):
            raise self._fault(ConnectorError, "the secret is no https or webcal address", _ADDRESS_REMEDY)
        return url

    def _may_follow(self, _from: httpx.URL, to: httpx.URL) -> bool:
        # Nothing but the new address itself goes to the new host; never from the outside to this machine.
        if not is_secure(to, allow_loopback=self.allow_loopback_http):
            return False
        return self.allow_loopback_http or not is_this_machine(to.host)

    def _refuse_what_is_no_calendar(self, data: bytes) -> None:
        head = data[:65_536].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
        if not re.search(rb"^BEGIN\s*:\s*VCALENDAR", head, re.IGNORECASE | re.MULTILINE):
            page = re.match(rb"<(!doctype html|html|head|\?xml)", head, re.IGNORECASE)
            what = "a web page came instead of a calendar" if page else "what came is no calendar"
            raise self._fault(ProtocolViolation, what, _ADDRESS_REMEDY)
        tail = data[-65_536:].replace(b"\0", b"").rstrip()
        if not re.search(rb"^END\s*:\s*VCALENDAR", tail, re.IGNORECASE | re.MULTILINE):
            raise self._fault(TemporaryError, "the calendar ends too early: END:VCALENDAR is missing", "")

    def _fault(self, kind: type[ConnectorError], what: str, remedy: str) -> ConnectorError:
        return kind(what, account=self._where, operation="pull", remedy=remedy)


@dataclass(frozen=True, slots=True)
class _Seen:
    """The cursor: what the file was when it was last read, and for which window."""

    etag: str
    modified: str
    digest: str
    count: int
    window: Window

    def covers(self, window: Window) -> bool:
        return self.window.start <= window.start and window.end <= self.window.end

    def dump(self) -> str:
        return json.dumps(
            {
                "v": _CURSOR_VERSION,
                "etag": self.etag,
                "modified": self.modified,
                "digest": self.digest,
                "count": self.count,
                "from": self.window.start.astimezone(UTC).isoformat(),
                "to": self.window.end.astimezone(UTC).isoformat(),
            },
            separators=(",", ":"),
        )

    @classmethod
    def load(cls, text: str) -> "_Seen":
        try:
            raw: Any = json.loads(text)
            if raw["v"] != _CURSOR_VERSION:
                raise KeyError("v")  # noqa: TRY301 (one way out for all that is not ours)
            window = Window(datetime.fromisoformat(raw["from"]), datetime.fromisoformat(raw["to"]))
            return cls(str(raw["etag"]), str(raw["modified"]), str(raw["digest"]), int(raw["count"]), window)
        except (ValueError, KeyError, TypeError):
            msg = "the cursor is not one of this calendar"
            raise CursorExpired(msg, operation="pull") from None


def _digest(data: bytes) -> str:
    """Of all but DTSTAMP, which many feeds set to the time of the request (RFC 5545 section 3.8.7.2 has them do so)."""
    mill = hashlib.sha256()
    for line in _lines(data):
        if not line.upper().startswith(b"DTSTAMP"):
            mill.update(line + b"\n")
    return mill.hexdigest()


def _lines(data: bytes) -> Iterator[bytes]:
    yield from (line.rstrip(b"\r") for line in data.split(b"\n"))


def _key(uid: str) -> str:
    return uid if len(uid) <= _LONGEST_UID else hashlib.sha256(uid.encode()).hexdigest()


def _touches(invite: Invite, window: Window) -> bool:
    if not invite.events:
        return True
    return any(
        (event.start < window.end and (event.recurs or event.this_and_future or event.end >= window.start))
        or (event.recurrence_id is not None and window.start <= event.recurrence_id < window.end)
        for event in invite.events
    )


def _last_modified(response: httpx.Response) -> datetime | None:
    try:
        found = parsedate_to_datetime(response.headers.get("Last-Modified", ""))
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
