"""Everybody who has an address in the invite, the owner's own names, and the organisations behind them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from connectors.model import CuType, Event, MailContext, PartStat, Person, Role
from daemon.core.domains import (
    Nature,
    addresses_in,
    common_organisations,
    domain_of,
    is_department_name,
    is_room_name,
    is_third_party,
    nature,
    organisation,
)
from daemon.core.mention import Mention, Part
from daemon.core.model import Owner
from daemon.core.names import fits_address, from_address, key, read_display_name, same_person
from daemon.core.phrases import has_cjk


@dataclass(slots=True)
class Guest:
    """One address of the invite, and what is known of whoever reads it."""

    email: str
    name: str = ""
    honorific: str = ""
    family_name: str = ""
    title: str = ""
    nature: Nature = Nature.PERSON
    organizer: bool = False
    attendee: bool = False
    writer: bool = False
    """From or Reply-To of the mail, and not otherwise invited."""
    deputy: bool = False
    """Only SENT-BY."""
    declined: bool = False
    optional: bool = False
    mentions: list[Mention] = field(default_factory=list)

    def part(self, part: Part) -> Mention | None:
        """The first mention of this person in that part."""
        return next((mention for mention in self.mentions if mention.part is part), None)


def owner_names(event: Event, owner: Owner) -> tuple[str, ...]:
    """Every name under which the owner appears."""
    names = [owner.name]
    names.extend(read_display_name(person.name).name for person in event.attendees if owner.owns(person.email))
    if event.mail is not None:
        names.extend(read_display_name(address.name).name for address in event.mail.to if owner.owns(address.email))
    names.extend(from_address(address) for address in sorted(owner.addresses))
    return tuple(dict.fromkeys(name for name in names if name))


def is_owner_name(name: str, names: Sequence[str]) -> bool:
    """Whether a name is one of the owner's."""
    return any(same_person(name, mine) for mine in names)


def guests_of(event: Event, owner: Owner) -> list[Guest]:
    """Everybody who has an address in the invite, but the owner."""
    by_email: dict[str, Guest] = {}
    for person in event.attendees:
        _invited(by_email, person, owner)
    if event.organizer is not None:
        _invited(by_email, event.organizer, owner, organizes=True)
    if event.mail is not None:
        _wrote(by_email, event.mail, owner)
    return list(by_email.values())


def _invited(by_email: dict[str, Guest], person: Person, owner: Owner, *, organizes: bool = False) -> None:
    email = person.email
    if email and not owner.owns(email):
        one = by_email.setdefault(email, Guest(email))
        one.organizer = one.organizer or organizes
        _name(one, person.name)
        if not organizes:
            one.attendee = True
            one.declined = person.partstat is PartStat.DECLINED
            one.optional = person.role in {Role.OPTIONAL, Role.NON_PARTICIPANT}
        if one.nature is Nature.PERSON:
            one.nature = _nature_of(person, one)
        for other in person.delegated_to:
            if other and not owner.owns(other):
                by_email.setdefault(other, Guest(other)).attendee = True
        if person.delegated_to and person.partstat is PartStat.DELEGATED:
            one.declined = True
    if person.sent_by and not owner.owns(person.sent_by) and person.sent_by not in by_email:
        by_email[person.sent_by] = Guest(person.sent_by, deputy=True, nature=nature(person.sent_by))


def _nature_of(person: Person, guest: Guest) -> Nature:
    """What CUTYPE, address and display name say together."""
    if person.cutype in {CuType.ROOM, CuType.RESOURCE}:
        return Nature.CALENDAR
    if person.cutype is CuType.GROUP:
        return Nature.GROUP
    found = nature(person.email, person.name)
    if found is Nature.PERSON and person.role is Role.NON_PARTICIPANT and not guest.name and is_room_name(person.name):
        return Nature.CALENDAR
    if found is Nature.PERSON and person.name and _is_no_person(person.name, person.email):
        return Nature.SHARED
    return found


def _wrote(by_email: dict[str, Guest], mail: MailContext, owner: Owner) -> None:
    """The mail's own addresses: who sent it, and better spellings of those invited."""
    for address in (mail.sender, mail.technical_sender, *mail.reply_to):
        if address and address.email and not owner.owns(address.email):
            if address.email not in by_email:
                by_email[address.email] = Guest(address.email, writer=True, nature=nature(address.email, address.name))
            _name(by_email[address.email], address.name)
    for address in (*mail.to, *mail.cc):
        if address.email in by_email:
            _name(by_email[address.email], address.name)


def _is_no_person(name: str, email: str) -> bool:
    read = read_display_name(name)
    if read.name and fits_address(read.name, email):
        return False
    return is_department_name(name) or (is_room_name(name) and not read.name)


def _name(guest: Guest, raw: str) -> None:
    """Take the better of two display names: the one in the script of the language, else the first."""
    read = read_display_name(raw)
    if not read.name or (is_department_name(raw) and not fits_address(read.name, guest.email)):
        return
    if guest.name and not (has_cjk(read.name) and not has_cjk(guest.name)):
        return
    guest.name, guest.honorific, guest.family_name = read.name, read.honorific, read.family_name
    guest.title = guest.title or read.title


def organisations_of(guests: Iterable[Guest], text: str) -> tuple[str, ...]:
    """The organisations behind an invite, the likeliest employer first."""
    guests = list(guests)
    organizer = [one.email for one in guests if one.organizer and not is_third_party(domain_of(one.email))]
    invited = [one.email for one in guests if one.attendee and one.nature is not Nature.NOTE_TAKER]
    ranked = common_organisations([*organizer, *invited])
    writers = common_organisations(one.email for one in guests if one.writer)
    return tuple(
        dict.fromkeys(
            (
                *(organisation(domain_of(address)) for address in organizer),
                *ranked,
                *writers,
                *common_organisations(addresses_in(text)),
            )
        )
    )


def matches(mention: Mention, guest: Guest) -> bool:
    """Whether a mention means this guest: by address, by name, or by a full name that fits the address."""
    if mention.email and mention.email == guest.email:
        return True
    if guest.name:
        return same_person(mention.name, guest.name)
    return mention.full and fits_address(mention.name, guest.email)


def is_named_in(guest: Guest, folded: str) -> bool:
    """Whether folded text holds a word of the guest's name."""
    return any(
        re.search(rf"(?<!\w){re.escape(word)}(?!\w)", folded) for word in key(guest.name).split() if len(word) > 2
    )
