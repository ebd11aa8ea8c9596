"""The owner's answers to notes of ours, turned into acts. Only mail that lies in their own Sent folder counts."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from connectors.errors import CursorExpired
from connectors.model import OwnerReply
from connectors.ports import Mailbox
from daemon.core.answers import Answer, read_answers
from daemon.core.facts import Act, ActKind, FollowUp, SentNote
from daemon.core.model import Owner
from daemon.store.store import AccountStore

log = logging.getLogger("afterword.replies")

ANSWERABLE = timedelta(days=14)
CURSOR = "replies"


def take_replies(mailbox: Mailbox, store: AccountStore, owner: Owner, language: str, now: datetime) -> bool:
    """Read new answers and write down what they say; False where there was nothing to ask. Raises ConnectorError.

    An answer that is not wholly understood changes nothing; a draft is never lost by a misread word.
    """
    notes = {note.message_id: note for note in store.notes(since=now - ANSWERABLE)}
    if not notes:
        return False
    try:
        delta = mailbox.owner_replies(store.setting(CURSOR), tuple(notes))
    except CursorExpired:
        delta = mailbox.owner_replies(None, tuple(notes))
    followups = {key: facts.followup for key, facts in store.facts(since=None).followups.items()}
    for reply in delta.replies:
        note = notes.get(reply.note_message_id)
        if note is None:
            continue
        today = reply.sent_at.astimezone(owner.zone).date()
        for answer in read_answers(reply.text, language, today=today):
            for act in acts_of(answer, reply, note, followups, owner):
                store.add_act(act)
            if answer.unknown:
                log.info("an answer to the note of %s was not wholly understood; nothing was dismissed", note.day)
    store.set_setting(CURSOR, delta.cursor)
    return True


def acts_of(
    answer: Answer, reply: OwnerReply, note: SentNote, followups: dict[str, FollowUp], owner: Owner
) -> Iterator[Act]:
    """What one answer says, as acts on the follow-ups that it speaks of."""
    at = reply.sent_at
    for followup in _meant(answer, note, followups):
        act = Act(at, ActKind.NOTE, followup.interview_id, key=followup.key, source=reply.message_id)
        if answer.notes:
            yield replace(act, notes=answer.notes)
        if answer.snooze is not None:
            yield replace(act, kind=ActKind.SNOOZE, until=at + answer.snooze)
        elif answer.until is not None:
            until = datetime.combine(answer.until, time(0), tzinfo=owner.zone).astimezone(UTC)
            yield replace(act, kind=ActKind.SNOOZE, until=until)
        if answer.not_an_interview:
            for uid in followup.uids:
                yield replace(act, kind=ActKind.NOT_AN_INTERVIEW, key="", uid=uid)
        elif answer.dismiss:
            yield replace(act, kind=ActKind.DISMISS)
        elif answer.draft:
            yield replace(act, kind=ActKind.WANTED)


def _meant(answer: Answer, note: SentNote, followups: dict[str, FollowUp]) -> Sequence[FollowUp]:
    listed = [followups[key] for key in note.items if key in followups]
    if not answer.item:
        interviews = {followup.interview_id for followup in listed}
        # Without a number it is clear only where the note is about one draft, or asks about one interview.
        return listed if len(listed) == 1 or (note.kind == "questions" and len(interviews) == 1) else ()
    if answer.item.isdigit():
        place = int(answer.item) - 1
        if note.kind == "caught_up":
            ids = list(dict.fromkeys(followup.interview_id for followup in listed))
            return [f for f in listed if place in range(len(ids)) and f.interview_id == ids[place]]
        return listed[place : place + 1] if place >= 0 else ()
    return [f for f in listed if f.interview_id == answer.item or f.key.startswith(answer.item)]
