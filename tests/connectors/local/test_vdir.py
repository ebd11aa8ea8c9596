"""A folder of calendar files, and invites in a Maildir's mail, as other programs change them."""

import os
import threading
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.errors import TemporaryError
from connectors.local import watch
from connectors.local.folder import deliver, entries, make_folder
from connectors.local.invites import MaildirCalendar
from connectors.local.vdir import MAY_EMPTY, VdirCalendar
from connectors.model import CalendarDelta, Window

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
WINDOW = Window(NOW - timedelta(days=7), NOW + timedelta(days=30))
ZONE = ZoneInfo("Europe/Madrid")


def ics(uid: str, start: datetime = NOW, summary: str = "Interview", method: str = "") -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *([f"METHOD:{method}"] if method else []), "BEGIN:VEVENT"]
    lines += [f"UID:{uid}", f"DTSTAMP:{NOW:%Y%m%dT%H%M%SZ}", f"DTSTART:{start:%Y%m%dT%H%M%SZ}", "DURATION:PT1H"]
    return "\r\n".join([*lines, f"SUMMARY:{summary}", "END:VEVENT", "END:VCALENDAR", ""]).encode()


def old(path: Path, data: bytes) -> None:
    """A file that was written a while ago, so that its time is settled."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (1_700_000_000 + len(data), 1_700_000_000 + path.stat().st_ino))


def uids(delta: CalendarDelta) -> list[str]:
    return sorted(invite.uid for invite in delta.invites)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(5):
        old(tmp_path / "cal" / "work" / f"{number}.ics", ics(f"u{number}"))
    return tmp_path / "cal"


def test_first_unchanged_changed_removed(folder: Path) -> None:
    calendar = VdirCalendar(folder, ZONE)
    first = calendar.pull(None, WINDOW)
    assert uids(first) == [f"u{n}" for n in range(5)]
    assert first.full
    assert first.problems == ()
    second = calendar.pull(first.cursor, WINDOW)
    assert (second.invites, second.removed, second.full) == ((), (), False)
    old(folder / "work" / "1.ics", ics("u1", summary="Moved interview"))
    (folder / "work" / "2.ics").unlink()
    old(folder / "new.ics", ics("u9"))
    third = calendar.pull(second.cursor, WINDOW)
    assert uids(third) == ["u1", "u9"]
    assert third.removed == ("work/2.ics",)


def test_after_a_restart_nothing_is_read_again_unless_something_changed(folder: Path) -> None:
    first = VdirCalendar(folder, ZONE).pull(None, WINDOW)
    again = VdirCalendar(folder, ZONE).pull(first.cursor, WINDOW)
    assert (again.invites, again.full) == ((), False)
    (folder / "work" / "2.ics").unlink()
    after = VdirCalendar(folder, ZONE).pull(first.cursor, WINDOW)
    assert after.full
    assert len(after.invites) == 4


def test_a_delta_that_was_not_stored_is_given_again(folder: Path) -> None:
    calendar = VdirCalendar(folder, ZONE)
    first = calendar.pull(None, WINDOW)
    old(folder / "new.ics", ics("u9"))
    lost = calendar.pull(first.cursor, WINDOW)
    assert uids(lost) == ["u9"]
    assert "u9" in uids(calendar.pull(first.cursor, WINDOW))


def test_the_window_may_move_and_outgrow_the_cursor(folder: Path) -> None:
    old(folder / "later.ics", ics("later", NOW + timedelta(days=100)))
    calendar = VdirCalendar(folder, ZONE)
    first = calendar.pull(None, WINDOW)
    assert "later" not in uids(first)
    moved = Window(WINDOW.start + timedelta(days=90), WINDOW.end + timedelta(days=90))
    assert "later" in uids(calendar.pull(first.cursor, moved))


def test_a_suddenly_empty_folder_is_a_fault_and_a_small_one_may_be_emptied(folder: Path) -> None:
    calendar = VdirCalendar(folder, ZONE)
    cursor = calendar.pull(None, WINDOW).cursor
    (folder / "work").rename(folder.parent / "away")
    for looking in (calendar, VdirCalendar(folder, ZONE)):
        with pytest.raises(TemporaryError, match="held 5 calendar files and is empty"):
            looking.pull(cursor, WINDOW)
    (folder.parent / "away").rename(folder / "work")
    for number in range(MAY_EMPTY, 5):
        (folder / "work" / f"{number}.ics").unlink()
    cursor = calendar.pull(cursor, WINDOW).cursor
    for number in range(MAY_EMPTY):
        (folder / "work" / f"{number}.ics").unlink()
    assert len(calendar.pull(cursor, WINDOW).removed) == MAY_EMPTY


def test_a_missing_folder_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(TemporaryError, match="mounted"):
        VdirCalendar(tmp_path / "none", ZONE).pull(None, WINDOW)


def test_a_half_written_file_is_told_keeps_its_event_and_is_read_again(folder: Path) -> None:
    calendar = VdirCalendar(folder, ZONE)
    cursor = calendar.pull(None, WINDOW).cursor
    old(folder / "work" / "1.ics", b"BEGIN:VCAL")
    half = calendar.pull(cursor, WINDOW)
    assert (half.invites, half.removed) == ((), ())
    assert [problem.where for problem in half.problems] == ["work/1.ics"]
    old(folder / "work" / "1.ics", ics("u1", summary="Whole again"))
    assert uids(calendar.pull(half.cursor, WINDOW)) == ["u1"]


def test_one_file_may_be_the_calendar(tmp_path: Path) -> None:
    both = ics("a").replace(b"END:VCALENDAR\r\n", b"") + ics("b").partition(b"PRODID:x\r\n")[2]
    old(tmp_path / "all.ics", both)
    calendar = VdirCalendar(tmp_path / "all.ics", ZONE)
    first = calendar.pull(None, WINDOW)
    assert uids(first) == ["a", "b"]
    gone = next(invite.key for invite in first.invites if invite.uid == "b")
    old(tmp_path / "all.ics", ics("a", summary="x"))
    assert gone in calendar.pull(first.cursor, WINDOW).removed


def test_files_of_others_are_left_out(folder: Path) -> None:
    for name in (".hidden.ics", "half.ics.tmp", "displayname", "color"):
        old(folder / "work" / name, ics("no"))
    assert "no" not in uids(VdirCalendar(folder, ZONE).pull(None, WINDOW))


def test_a_nonsense_cursor_starts_anew(folder: Path) -> None:
    assert VdirCalendar(folder, ZONE).pull('{"x": 1}', WINDOW).full


def mail(uid: str, start: datetime = NOW) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Message-ID"] = (
        "hr@corp.example",
        "sam@example.org",
        f"<{uid}@corp.example>",
    )
    message.set_content("You are invited")
    text = ics(uid, start, method="REQUEST").decode()
    message.add_alternative(text, subtype="calendar", params={"method": "REQUEST"})
    return message.as_bytes()


def test_invites_in_mail_are_given_out_once_and_never_taken_back(tmp_path: Path) -> None:
    make_folder(tmp_path)
    make_folder(tmp_path / ".Archive")
    make_folder(tmp_path / ".Trash")
    deliver(tmp_path, mail("a"), flags=None)
    deliver(tmp_path / ".Archive", mail("b"), flags="S")
    deliver(tmp_path / ".Trash", mail("c"), flags="S")
    deliver(tmp_path, mail("past", NOW - timedelta(days=90)), flags="S")
    deliver(tmp_path, b"Subject: hello\n\nno invite\n", flags="S")
    calendar = MaildirCalendar(tmp_path, ZONE)
    first = calendar.pull(None, WINDOW)
    assert uids(first) == ["a", "b"]
    assert first.invites[0].events[0].mail is not None
    assert not first.full
    for entry in entries(tmp_path):
        entry.path.unlink()
    second = calendar.pull(first.cursor, WINDOW)
    assert (second.invites, second.removed) == ((), ())
    deliver(tmp_path, mail("d"), flags=None)
    assert uids(calendar.pull(second.cursor, WINDOW)) == ["d"]
    assert "d" in uids(MaildirCalendar(tmp_path, ZONE).pull(second.cursor, WINDOW))


def test_a_batch_of_mail_that_was_not_stored_is_given_again(tmp_path: Path) -> None:
    make_folder(tmp_path)
    deliver(tmp_path, mail("a"), flags=None)
    calendar = MaildirCalendar(tmp_path, ZONE)
    assert uids(calendar.pull(None, WINDOW)) == ["a"]
    assert uids(calendar.pull(None, WINDOW)) == ["a"]


def test_a_change_wakes_all_who_watch_and_nobody_after_closing(tmp_path: Path) -> None:
    make_folder(tmp_path / "mail")
    woken, closed = threading.Event(), threading.Event()
    first = watch.subscribe(tmp_path / "mail", woken.set)
    second = watch.subscribe(tmp_path / "mail", closed.set)
    second.close()
    deliver(tmp_path / "mail", b"Subject: x\n\nx\n", flags=None)
    assert woken.wait(60)
    assert not closed.is_set()
    first.close()


def test_no_change_is_lost_while_the_watch_is_made_anew_for_another(tmp_path: Path) -> None:
    make_folder(tmp_path / "mail")
    make_folder(tmp_path / "other")
    woken = threading.Event()
    first = watch.subscribe(tmp_path / "mail", woken.set)
    assert woken.wait(60)
    second = watch.subscribe(tmp_path / "other", lambda: None)
    woken.clear()
    deliver(tmp_path / "mail", b"Subject: x\n\nx\n", flags=None)
    assert woken.wait(60)
    second.close()
    first.close()
