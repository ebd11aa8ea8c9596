"""Who is owed a follow-up for which interview, and the draft that it gets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from connectors.model import Address, Draft, MailContext, Probe
from daemon.core.compose import compose, reply_subject
from daemon.core.domains import squeezed
from daemon.core.facts import FollowUp, FollowUpFacts
from daemon.core.identity import followup_key, message_id, token
from daemon.core.life import notes_of
from daemon.core.model import Interview, Outcome, Owner, Recipient, RecipientKind
from daemon.core.policy import Policy, Wishes, policy_for, recipients_for
from daemon.core.timing import due_at

SAME_OCCASION = timedelta(hours=6)
"""An event whose end is put off by no more than this is the same interview, also over midnight."""
ONE_SLOT = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Owed:
    """One follow-up with all that is needed to write it."""

    followup: FollowUp
    interview: Interview
    recipient: Recipient
    policy: Policy
    due: datetime
    variant: int
    """Its place among the panel, so that no two drafts of a panel say the same."""
    panel: int


def owed(
    interviews: Sequence[Interview],
    *,
    owner: Owner,
    account_key: bytes,
    wishes: Wishes,
    existing: Mapping[str, FollowUpFacts],
) -> tuple[Owed, ...]:
    """Every follow-up that these interviews ask for, earliest end first, each key once."""
    found: dict[str, Owed] = {}
    for interview in sorted(interviews, key=lambda i: i.end):
        if interview.outcome is not Outcome.THANK:
            continue
        policy = policy_for(interview, wishes)
        recipients = recipients_for(interview, policy)
        for variant, recipient in enumerate(recipients):
            followup = _followup(interview, recipient, owner, account_key)
            others = [*(facts.followup for facts in existing.values()), *(item.followup for item in found.values())]
            if any(other.key == followup.key and _another_application(followup, other) for other in others):
                followup = _followup(interview, recipient, owner, account_key, application=followup.company)
            earlier = _earlier(followup, existing)
            if earlier is not None:
                followup = replace(earlier, recipient=recipient, ended_at=followup.ended_at, uids=followup.uids)
            due = due_at(interview.end, policy.timing, owner.zone)
            found[followup.key] = Owed(followup, interview, recipient, policy, due, variant, len(recipients))
    return tuple(found.values())


def _earlier(followup: FollowUp, existing: Mapping[str, FollowUpFacts]) -> FollowUp | None:
    """What was owed for the same interview before something changed that its key is made of.

    Its end may have been put past midnight, or an address been found: neither must make a second draft.
    """
    for facts in existing.values():
        old = facts.followup
        if set(followup.uids) & set(old.uids) and _same_person(followup.recipient, old.recipient):
            near = abs(old.ended_at - followup.ended_at) <= SAME_OCCASION
            if near or old.ended_at.date() == followup.ended_at.date():
                return old
    return existing[followup.key].followup if followup.key in existing else None


def _same_person(now: Recipient, before: Recipient) -> bool:
    if now.email:
        found = now.kind is RecipientKind.INTERVIEWER and before.kind is RecipientKind.ADDRESS_NEEDED
        return now.email == before.email or (found and now.name.casefold() == before.name.casefold())
    return now.kind is before.kind and now.name.casefold() == before.name.casefold()


def _another_application(one: FollowUp, other: FollowUp) -> bool:
    """One recruiter looks after two applications, and both had an interview on one day: each is owed its thanks."""
    relays = one.recipient.kind is RecipientKind.RELAY and other.recipient.kind is RecipientKind.RELAY
    left, right = squeezed(one.company), squeezed(other.company)
    strangers = bool(left and right) and not left.startswith(right) and not right.startswith(left)
    apart = abs(one.ended_at - other.ended_at) >= ONE_SLOT
    return relays and strangers and apart and not set(one.uids) & set(other.uids)


def thread_of(interview: Interview, recipient: Recipient) -> MailContext | None:
    """The newest mail about the interview in which the recipient takes part, if there is one to answer."""
    wanted = {recipient.email, *recipient.copies} - {""}
    mails = [part.event.mail for part in interview.parts if part.event.mail and part.event.mail.message_id]
    for mail in sorted(mails, key=lambda m: m.sent_at or interview.start, reverse=True):
        people = [*mail.reply_to, *mail.to, *mail.cc, *([mail.sender] if mail.sender else [])]
        if wanted & {person.email for person in people}:
            return mail
    return None


def _followup(
    interview: Interview, recipient: Recipient, owner: Owner, account_key: bytes, *, application: str = ""
) -> FollowUp:
    company = interview.company.value if interview.company else ""
    key = followup_key(
        account_key, recipient, company or interview.company_domain, interview.end, application=application
    )
    domain = owner.primary.rpartition("@")[2]
    thread = thread_of(interview, recipient)
    mark = token(account_key, key, domain) if thread else ""
    return FollowUp(
        key=key,
        interview_id=interview.id,
        uids=tuple(dict.fromkeys(part.event.uid for part in interview.parts)),
        recipient=recipient,
        title=interview.title,
        ended_at=interview.end.astimezone(UTC),
        zone=interview.zone.key,
        created_at=interview.end.astimezone(UTC),
        message_id=message_id(account_key, key, domain),
        token=mark,
        parent=thread.message_id if thread else "",
        references=(*thread.references, mark, thread.message_id) if thread else (),
        role=interview.role.value if interview.role else "",
        company=company,
        company_domain=interview.company_domain,
        stage=interview.stage.value if interview.stage else "",
        language=interview.language,
    )


def _sender(interview: Interview, owner: Owner) -> Address:
    for part in interview.parts:
        for person in part.event.attendees:
            if person.email in owner.addresses:
                return Address(person.email, owner.name)
    return Address(owner.primary, owner.name)


def write(
    item: Owed,
    *,
    owner: Owner,
    facts: FollowUpFacts | None,
    overrides: Mapping[str, str],
    now: datetime,
) -> tuple[Draft, tuple[str, ...]]:
    """The finished draft of a follow-up, and what was wrong with a template of the owner's."""
    words = compose(
        item.interview,
        item.recipient,
        item.policy.voice,
        variant=item.variant,
        panel=item.panel,
        notes=notes_of(facts) if facts else notes_of(FollowUpFacts(item.followup)),
        overrides=overrides,
    )
    recipient = item.recipient
    to = (Address(recipient.email, recipient.name), *(Address(email) for email in recipient.copies))
    mails = [part.event.mail for part in item.interview.parts if part.event.mail]
    thread = next((mail for mail in mails if mail.message_id == item.followup.parent), None)
    draft = Draft(
        message_id=item.followup.message_id,
        sender=_sender(item.interview, owner),
        to=tuple(address for address in to if address.email),
        subject=reply_subject(thread.subject) if thread and thread.subject else words.subject,
        body=words.body,
        date=now,
        in_reply_to=item.followup.parent,
        references=item.followup.references,
    )
    return draft, words.problems


def probe(facts: FollowUpFacts) -> Probe:
    """What to look for on behalf of a follow-up."""
    followup = facts.followup
    written = [entry for entry in facts.journal if entry.ref is not None]
    return Probe(
        key=followup.key,
        message_id=followup.message_id,
        token=followup.token,
        parent=followup.parent,
        recipient=followup.recipient.email,
        since=followup.ended_at,
        ref=written[-1].ref if written else None,
        drafted_at=written[0].at if written else None,
    )
