"""To whom the notes go: the interviewers themselves, or one human who may pass the thanks on."""

import re
from collections.abc import Sequence

from daemon.core.domains import (
    Nature,
    addresses_in,
    domain_of,
    is_mail_provider,
    is_third_party,
    nature,
    organisation,
    own_label,
    squeezed,
)
from daemon.core.extract_text import Reading
from daemon.core.guests import Guest
from daemon.core.mention import Mention, Part
from daemon.core.model import Interviewer, Recipient, RecipientKind
from daemon.core.names import fits_address, read_display_name
from daemon.core.phrases import fold
from daemon.core.titles import titles_of

_GROUP_NOTE = 4
"""A panel larger than this gets one note through whoever arranged it."""


def relay_of(
    guests: Sequence[Guest], chosen: Sequence[Guest], loose: Sequence[Mention], reading: Reading
) -> Guest | None:
    """A human who arranged it and may pass the thanks on."""
    candidates = [
        guest
        for guest in guests
        if guest not in chosen
        and guest.nature is Nature.PERSON
        and not guest.declined
        and not guest.part(Part.CANDIDATE)
        and not guest.part(Part.SHADOW)
        and not is_mail_provider(domain_of(guest.email))
    ]
    ranked = sorted(
        candidates,
        key=lambda guest: (
            guest.part(Part.COORDINATOR) is None,
            guest.part(Part.SIGNER) is None,
            not guest.organizer,
            not guest.writer,
        ),
    )
    if ranked:
        return ranked[0]
    for mention in loose:
        if mention.part in {Part.COORDINATOR, Part.SIGNER} and mention.email and is_trusted(mention, guests, reading):
            return Guest(mention.email, mention.name, title=mention.title)
    return _relay_in_text(guests, reading)


def _relay_in_text(guests: Sequence[Guest], reading: Reading) -> Guest | None:
    """`Your recruiter is Ana Ruiz, ana.ruiz@...`: a recruiter with name and address in one sentence."""
    for sentence in reading.body.split("\n"):
        folded = fold(sentence)
        if not (titles_of("recruiter_titles").search(folded) or titles_of("coordinator_titles").search(folded)):
            continue
        for address in addresses_in(sentence):
            for match in re.finditer(
                r"[^\W\d_][\w'’.-]+(?:\s+[^\W\d_][\w'’-]+){1,3}", sentence[: fold(sentence).find(address)]
            ):
                words = match.group().split()
                for size in (3, 2):
                    name = read_display_name(" ".join(words[-size:])).name if len(words) >= size else ""
                    mention = Mention(name, Part.COORDINATOR, "text", email=address)
                    if name and is_trusted(mention, guests, reading):
                        return Guest(address, name, title="recruiter")
    return None


def is_trusted(mention: Mention, guests: Sequence[Guest], reading: Reading) -> bool:
    """Whether an address in the text is this interviewer's: the name fits, and the domain is the company's."""
    domain = domain_of(mention.email)
    if (
        is_third_party(domain)
        or nature(mention.email) is not Nature.PERSON
        or not fits_address(mention.name, mention.email)
    ):
        return False
    org = organisation(domain)
    addresses = [guest.email for guest in guests if guest.organizer or guest.attendee]
    invited = {organisation(domain_of(one)) for one in addresses if not is_third_party(domain_of(one))}
    if invited:
        return org in invited
    label = own_label(domain).replace("-", "")
    without = re.sub(r"\S+@\S+", " ", reading.whole).replace(mention.name, " ")
    return len(label) > 3 and label in squeezed(without)


def recipients_of(interviewers: list[Interviewer], relay: Guest | None) -> tuple[Recipient, ...]:
    """Who gets a note: every interviewer with an address, or whoever may pass it on."""
    reachable = [one for one in interviewers if one.email]
    missing = tuple(one.name for one in interviewers if not one.email and one.name)
    if len(interviewers) > _GROUP_NOTE and (relay is not None or not reachable):
        names = tuple(one.name for one in interviewers if one.name)
        if relay is not None:
            return (
                Recipient(
                    relay.name,
                    relay.email,
                    RecipientKind.RELAY,
                    f"one note for a panel of {len(interviewers)}, through whoever arranged it",
                    relay.family_name,
                    relay.honorific,
                    relay.title,
                    names,
                ),
            )
    if reachable:
        found = [
            Recipient(
                one.name,
                one.email,
                RecipientKind.INTERVIEWER,
                one.source,
                one.family_name,
                one.honorific,
                one.title,
            )
            for one in reachable
        ]
        found += [
            Recipient(
                one.name,
                "",
                RecipientKind.ADDRESS_NEEDED,
                "no address is known",
                one.family_name,
                one.honorific,
                one.title,
            )
            for one in interviewers
            if not one.email and one.name
        ]
        return tuple(found)
    if relay is not None:
        return (
            Recipient(
                relay.name,
                relay.email,
                RecipientKind.RELAY,
                "arranged the interview; no interviewer's address is known",
                relay.family_name,
                relay.honorific,
                relay.title,
                missing,
            ),
        )
    return tuple(
        Recipient(
            one.name,
            "",
            RecipientKind.ADDRESS_NEEDED,
            "no address is known",
            one.family_name,
            one.honorific,
            one.title,
        )
        for one in interviewers
        if one.name
    )
