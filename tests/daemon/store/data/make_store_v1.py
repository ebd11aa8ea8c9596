"""Made store-v1.sqlite, once, with the first version of the store. It is frozen: a later schema gets a file of its own.

python tests/daemon/store/data/make_store_v1.py store-v1.sqlite
"""

import sqlite3
import sys
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.model import (
    Address,
    CalendarDelta,
    DraftRef,
    Event,
    Heard,
    Invite,
    MailContext,
    Method,
    Observation,
    PartStat,
    Person,
    Place,
    Rung,
    Sighting,
    Window,
)
from daemon.core.facts import Act, ActKind, FollowUp, Health, Intent, Look, SentNote, Settled
from daemon.core.model import OwnerNotes, Recipient, RecipientKind
from daemon.store.store import Store

NOW = datetime(2026, 11, 20, 16, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")
WINDOW = Window(NOW - 30 * DAY, NOW + 60 * DAY)
ADA = Person("ada@example.com", "Ada Lovelace", PartStat.ACCEPTED)
START = datetime(2026, 11, 20, 15, tzinfo=BERLIN)

INVITE = Invite(
    key="INBOX/7",
    uid="u1@example.com",
    method=Method.REQUEST,
    events=(
        Event(
            uid="u1@example.com",
            start=START,
            end=START + HOUR,
            summary="Vorstellungsgespräch",
            organizer=ADA,
            attendees=(ADA, Person("me@example.org", is_self=True)),
            mail=MailContext(
                "<p@example.com>", sender=Address("ada@example.com", "Ada Lovelace"), sent_at=NOW - 9 * DAY
            ),
        ),
    ),
    received_at=NOW - 9 * DAY,
)
SERIES = Invite(
    key="weekly.ics",
    uid="u2@example.com",
    method=Method.PUBLISH,
    events=(Event(uid="u2@example.com", start=START - 70 * DAY, end=START - 70 * DAY + HOUR, recurs=True),),
    source="BEGIN:VEVENT\r\nEND:VEVENT\r\n",
)
FOLLOWUP = FollowUp(
    key="k1",
    interview_id="i1",
    uids=("u1@example.com",),
    recipient=Recipient("Ada Lovelace", "ada@example.com", RecipientKind.INTERVIEWER, "was in the room"),
    title="Vorstellungsgespräch",
    ended_at=NOW - HOUR,
    zone="Europe/Berlin",
    created_at=NOW,
    message_id="<k1@example.org>",
    token="<t1@example.org>",
    parent="<p@example.com>",
    references=("<r@example.com>",),
    role="Ingenieurin",
    company="Example",
    company_domain="example.com",
    stage="panel",
    language="de",
)
LOOK = Look(
    "k1",
    NOW + HOUR,
    NOW + 2 * HOUR,
    Observation(
        "k1",
        (Sighting(Place.DRAFTS, Rung.MESSAGE_ID, "9", "<k1@example.org>", "f1", NOW + HOUR),),
        (Heard(Address("ada@example.com"), NOW + HOUR, "Hallo"),),
    ),
    (Place.QUEUE,),
    suspect=True,
)
NOTES = OwnerNotes("Compilers", "the deadline", "the year")
ACTS = (
    Act(NOW, ActKind.SNOOZE, "i1", "k1", until=NOW + DAY),
    Act(NOW + HOUR, ActKind.NOTE, "i1", notes=NOTES, source="<answer@example.org>"),
)
NOTE = SentNote("n1", "<n1@example.org>", date(2026, 11, 21), "reminder", NOW + DAY, ("k1",))
HEALTH = Health("mail", NOW, NOW + HOUR, "no route", "check the network", login_needed=True, told_at=NOW + 2 * HOUR)
REF = DraftRef("<k1@example.org>", "9", "f1")
FOUND = Address("grace@example.com", "Grace Hopper")


def make(path: Path) -> None:
    """Fill every table."""
    with Store.open(path, now=NOW) as store:
        account = store.account("me")
        account.set_up(NOW - DAY)
        account.apply_delta("mail", CalendarDelta((INVITE,), (), "7", full=True), WINDOW, NOW)
        account.apply_delta("vdir", CalendarDelta((SERIES,), (), "a", full=True), WINDOW, NOW)
        account.add_followup(FOLLOWUP)
        entry = account.begin("k1", Intent.CREATE, NOW, "f1")
        account.settle(entry.id, Settled.DONE, NOW + HOUR, REF, "made")
        account.begin("k1", Intent.REPLACE, NOW + HOUR, "f2")
        account.record_look(LOOK)
        for act in ACTS:
            account.add_act(act)
        account.add_note(NOTE)
        account.set_health(HEALTH)
        account.add_address("Grace Hopper", "example.com", FOUND, NOW)
        account.set_setting("replies", "12")
        forgotten = store.account("forgetful", now=NOW)
        forgotten.add_followup(FOLLOWUP)
        forgotten.forget(interview_id="i1", now=NOW + DAY)
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA journal_mode = DELETE")
        raw.execute("PRAGMA page_size = 1024")
        raw.execute("VACUUM")
    Path(f"{path}.lock").unlink(missing_ok=True)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
