"""Which notes the owner gets, and when: one reminder a day, questions if wanted, what was missed, what is broken."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.model import Note, Sighting
from daemon.core.actions import DeliverNote
from daemon.core.facts import INVITES, WRITING, AccountFacts, ActKind, FollowUp, FollowUpFacts, Health
from daemon.core.followups import Owed
from daemon.core.identity import note_key, note_message_id
from daemon.core.life import UNSENT, Life, derive
from daemon.core.model import Interview, Owner, RecipientKind
from daemon.core.policy import Wishes
from daemon.core.reminder import (
    Ailment,
    HealthLine,
    InterviewLine,
    Missed,
    ReminderItem,
    ReminderText,
    write_caught_up,
    write_health,
    write_questions,
    write_reminder,
)
from daemon.core.timing import next_reminder_hour, remind_at, reminder_open

TELL_AFTER = timedelta(days=1)
"""A connection that fails for this long is told; one that needs a login at once."""
TELL_REFUSED_AFTER = timedelta(hours=1)
"""A full mailbox does not mend by itself, and a thank-you is worth most on the day itself."""
ASK_WITHIN = timedelta(hours=24)
"""Questions about an interview that lies further back come too late to help."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A follow-up that is not drafted unasked, and why."""

    followup: FollowUp
    why: Missed


@dataclass(frozen=True, slots=True)
class Desk:
    """What the notes are written from."""

    owner: Owner
    account_key: bytes
    wishes: Wishes
    facts: AccountFacts
    now: datetime

    @property
    def today(self) -> date:
        """The owner's local date."""
        return self.now.astimezone(self.owner.zone).date()

    def note(self, kind: str, text: ReminderText, items: Sequence[str], reason: str, *parts: str) -> DeliverNote:
        """Address a text to the owner; its identity is its kind, its day and its parts."""
        key = note_key(kind, self.today, *parts)
        domain = self.owner.primary.rpartition("@")[2]
        note = Note(
            key=key,
            message_id=note_message_id(self.account_key, key, domain),
            subject=text.subject,
            body=text.body,
            brief=text.brief,
            date=self.now,
            urgent=kind == "health",
        )
        return DeliverNote(note, kind, self.today, tuple(items), reason)

    def went_out(self, kind: str, *parts: str) -> bool:
        """Whether this note was delivered."""
        wanted = note_key(kind, self.today, *parts)
        return any(note.key == wanted for note in self.facts.notes)


def reminder_note(
    desk: Desk,
    *,
    texts: Mapping[str, tuple[Sighting, ...]],
    untold: Collection[str],
    cancelled_after: Collection[str],
    starts: Mapping[str, datetime],
) -> DeliverNote | None:
    """The reminder of the day, if there is anything to say. `untold`: drafts that this cycle writes or removes."""
    policy = desk.wishes.reminder
    if not policy.enabled or desk.went_out("reminder") or not reminder_open(desk.now, policy, desk.owner.zone):
        return None
    items = []
    for key, facts in sorted(desk.facts.followups.items(), key=lambda pair: pair[1].followup.ended_at):
        life = derive(facts, desk.now)
        if key in untold or not _is_due(facts, life, desk):
            continue
        start = starts.get(key, facts.followup.ended_at)
        items.append(
            _item(
                facts,
                life,
                _shown(texts.get(key, ()), life),
                desk.wishes.where,
                start,
                cancelled=key in cancelled_after,
            )
        )
    if not items:
        return None
    text = write_reminder(items, language=desk.wishes.reminder_language, day=desk.today)
    count = len(items)
    reason = f"{count} draft{'s' if count > 1 else ''} still unsent"
    return desk.note("reminder", text, [item.key for item in items], reason)


def next_reminder(desk: Desk) -> datetime | None:
    """When a reminder may next be due: the first open hour at which an unsent draft qualifies; None without one."""
    policy = desk.wishes.reminder
    moments = []
    for facts in desk.facts.followups.values():
        life = derive(facts, desk.now)
        if policy.enabled and life.state in UNSENT and life.drafted_at is not None:
            first = max(remind_at(life.drafted_at, policy, desk.owner.zone), life.snoozed_until or life.drafted_at)
            moments.append(first if first > desk.now else next_reminder_hour(desk.now, policy, desk.owner.zone))
    return min(moments, default=None)


def _is_due(facts: FollowUpFacts, life: Life, desk: Desk) -> bool:
    policy = desk.wishes.reminder
    if life.state not in UNSENT or life.drafted_at is None:
        return False
    if desk.now < remind_at(life.drafted_at, policy, desk.owner.zone):
        return False
    if life.snoozed_until is not None and desk.now < life.snoozed_until:
        return False
    # A reminder that the owner put off was asked for: the days before it do not count.
    snoozes = [act.at for act in facts.acts if act.kind is ActKind.SNOOZE]
    since = snoozes[-1].astimezone(desk.owner.zone).date() if snoozes else date.min
    days = [day for day in facts.reminded_on if day > since]
    return len(days) < policy.days_each and desk.today not in facts.reminded_on


def _shown(copies: Sequence[Sighting], life: Life) -> Sighting | None:
    """The copy that the owner changed, where there is one."""
    ours = life.ref.fingerprint if life.ref else ""
    return min(copies, key=lambda copy: copy.fingerprint == ours, default=None)


def _item(
    facts: FollowUpFacts, life: Life, seen: Sighting | None, where: str, start: datetime, *, cancelled: bool
) -> ReminderItem:
    followup = facts.followup
    heard = ""
    if life.heard is not None:
        heard = life.heard.sender.name or life.heard.sender.email
    recipient = followup.recipient
    return ReminderItem(
        key=followup.key,
        short_id=followup.interview_id,
        recipient_name=recipient.name or recipient.email,
        recipient_email=recipient.email,
        company=followup.company,
        role=followup.role,
        when=start.astimezone(ZoneInfo(followup.zone)),
        subject=seen.subject if seen else "",
        body=seen.text if seen else "",
        where=where,
        state=life.state.value,
        heard=heard,
        address_needed=recipient.kind is RecipientKind.ADDRESS_NEEDED,
        cancelled_after=cancelled,
    )


def caught_up_notes(desk: Desk, listed: Sequence[Listed]) -> tuple[DeliverNote, ...]:
    """What was not drafted unasked, each interview told once."""
    told = {key for note in desk.facts.notes if note.kind == "caught_up" for key in note.items}
    notes = []
    for why in Missed:
        fresh = [one.followup for one in listed if one.why is why and one.followup.key not in told]
        if not fresh:
            continue
        by_interview: dict[str, list[FollowUp]] = {}
        for followup in sorted(fresh, key=lambda f: f.ended_at):
            by_interview.setdefault(followup.interview_id, []).append(followup)
        lines = [_line(followups) for followups in by_interview.values()]
        text = write_caught_up(lines, why, language=desk.wishes.reminder_language)
        keys = [followup.key for followup in fresh]
        count = len(lines)
        reason = f"{count} interview{'s' if count > 1 else ''} not drafted unasked"
        notes.append(desk.note("caught_up", text, keys, reason, why.value, min(keys)))
    return tuple(notes)


def _line(followups: Sequence[FollowUp]) -> InterviewLine:
    first = followups[0]
    return InterviewLine(
        short_id=first.interview_id,
        title=first.title,
        when=first.ended_at.astimezone(ZoneInfo(first.zone)),
        company=first.company,
        role=first.role,
        names=tuple(f.recipient.name for f in followups if f.recipient.name),
    )


def question_notes(desk: Desk, owed: Sequence[Owed]) -> tuple[DeliverNote, ...]:
    """The three questions right after each interview, where the owner wants them."""
    if not desk.wishes.reminder.ask_questions:
        return ()
    asked = {key for note in desk.facts.notes if note.kind == "questions" for key in note.items}
    by_interview: dict[str, list[Owed]] = {}
    for item in owed:
        finished = item.interview.end + item.policy.timing.grace
        set_up = desk.facts.set_up_at <= item.interview.end
        if set_up and finished <= desk.now < finished + ASK_WITHIN and item.followup.key not in asked:
            by_interview.setdefault(item.interview.id, []).append(item)
    notes = []
    for items in by_interview.values():
        interview = items[0].interview
        text = write_questions(_interview_line(interview), language=desk.wishes.reminder_language)
        keys = [item.followup.key for item in items]
        notes.append(desk.note("questions", text, keys, "three questions right after the interview", interview.id))
    return tuple(notes)


def _interview_line(interview: Interview) -> InterviewLine:
    return InterviewLine(
        short_id=interview.id,
        title=interview.title,
        when=interview.start.astimezone(interview.zone),
        company=interview.company.value if interview.company else "",
        role=interview.role.value if interview.role else "",
        names=tuple(person.name for person in interview.interviewers if person.name),
    )


def health_notes(desk: Desk, account: str) -> tuple[DeliverNote, ...]:
    """What is newly broken, or well again after it was told. `items` are the ports' names."""
    lines: list[tuple[str, HealthLine]] = []
    for health in desk.facts.health.values():
        ailment = _ailment(health, desk.now)
        if ailment is None:
            continue
        since = health.failing_since or health.last_good or desk.now
        connection = health.port.removesuffix(WRITING)
        line = HealthLine(account, connection, ailment, since.astimezone(desk.owner.zone), health.error, health.remedy)
        lines.append((health.port, line))
    notes = []
    for group in (
        [p for p in lines if p[1].ailment is not Ailment.RECOVERED],
        [p for p in lines if p[1].ailment is Ailment.RECOVERED],
    ):
        if group:
            text = write_health(_once_each(group), language=desk.wishes.reminder_language)
            ports = [port for port, _ in group]
            moment = desk.now.astimezone(UTC).strftime("%H%M%S")
            notes.append(desk.note("health", text, ports, group[0][1].ailment.value, moment, *ports))
    return tuple(notes)


def _once_each(lines: Sequence[tuple[str, HealthLine]]) -> Sequence[HealthLine]:
    """A mailbox and the invites in it are one connection to its owner."""
    known = {(port, line.ailment) for port, line in lines}
    return [
        line
        for port, line in lines
        if not (port.endswith(INVITES) and (port.removesuffix(INVITES), line.ailment) in known)
    ]


def _ailment(health: Health, now: datetime) -> Ailment | None:
    if health.failing_since is None:
        return Ailment.RECOVERED if health.told_at is not None else None
    if health.told_at is not None:
        return None
    if health.refused:
        return Ailment.REFUSING if now >= health.failing_since + TELL_REFUSED_AFTER else None
    if health.login_needed:
        return Ailment.LOGIN
    return Ailment.FAILING if now >= health.failing_since + TELL_AFTER else None
