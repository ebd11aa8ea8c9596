"""Who was in the room, who is to be thanked and who is not, each with the reason."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from connectors.model import CuType, Event, MailContext, PartStat, Person, Role
from daemon.core.domains import (
    Nature,
    addresses_in,
    common_organisations,
    domain_of,
    is_department_name,
    is_mail_provider,
    is_room_name,
    is_third_party,
    nature,
    organisation,
    own_label,
    squeezed,
)
from daemon.core.extract_text import Reading, sentences
from daemon.core.lexicon import lexicon
from daemon.core.mention import Mention, Part
from daemon.core.model import Excluded, Interviewer, Owner, Recipient, RecipientKind
from daemon.core.names import fits_address, from_address, is_inflected, key, read_display_name, same_person
from daemon.core.phrases import any_of, fold, has_cjk
from daemon.core.titles import title_pattern

_GROUP_NOTE = 4
"""A panel larger than this gets one note through whoever arranged it."""


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


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody of an event, sorted."""

    interviewers: tuple[Interviewer, ...]
    recipients: tuple[Recipient, ...]
    excluded: tuple[Excluded, ...]
    relay: Recipient | None


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


def _matches(mention: Mention, guest: Guest) -> bool:
    if mention.email and mention.email == guest.email:
        return True
    if guest.name:
        return same_person(mention.name, guest.name)
    return mention.full and fits_address(mention.name, guest.email)


class People:
    """The sorting of one event's people; a short-lived worksheet."""

    def __init__(
        self,
        event: Event,
        reading: Reading,
        owner: Owner,
        *,
        guests: list[Guest],
        mentions: list[Mention],
        companies: tuple[str, ...],
        company: str,
        domain: str,
    ) -> None:
        self.reading = reading
        self.owner = owner
        self.guests = guests
        self.companies = companies
        self.company = company
        self.domain = domain
        self.mine = owner_names(event, owner)
        self.loose: list[Mention] = []
        self._apportion(mentions)
        self._titles_from_text()

    def _apportion(self, mentions: list[Mention]) -> None:
        for mention in mentions:
            fitting = [
                guest for guest in self.guests if guest.nature is not Nature.NOTE_TAKER and _matches(mention, guest)
            ]
            people = [guest for guest in fitting if guest.nature is Nature.PERSON] or fitting
            people = people or [
                guest
                for guest in self.guests
                if guest.name and guest.attendee and is_inflected(mention.name, guest.name)
            ]
            if not people and is_owner_name(mention.name, self.mine):
                continue
            if len(people) > 1 and not mention.full and not mention.email:
                people = (
                    [guest for guest in people if guest.attendee]
                    if len([guest for guest in people if guest.attendee]) == 1
                    else people[:1]
                )
            for guest in people:
                guest.mentions.append(mention)
                guest.title = guest.title or (mention.title if len(mention.title) < 90 else "")
                guest.honorific = guest.honorific or mention.honorific
                if not guest.name and mention.full:
                    guest.name = mention.name
            if not people:
                self.loose.append(mention)

    def _titles_from_text(self) -> None:
        """`Serpil (CPO)`, `Herr Weber, Leitung Einkauf`: what stands behind a name anywhere in the text."""
        for guest in self.guests:
            if guest.title or not guest.name:
                continue
            for word in (guest.name, guest.name.split()[0], guest.name.split()[-1]):
                if len(word) < 2:
                    continue
                match = re.search(
                    rf"(?<!\w){re.escape(word)}(?!\w)\s*[（(]([^()（）\n]{{2,80}})[)）]", self.reading.body
                )
                if match and "@" not in match.group(1):
                    guest.title = match.group(1)
                    break

    def _is_absent(self, guest: Guest, others: bool) -> bool:
        """Whether the text says that this person is not in the room."""
        signer = self._signs(guest)
        for sentence in sentences(self.reading.body):
            folded = fold(sentence)
            if not _absent().search(folded) and not any(phrase in sentence for phrase in _absent_cjk()):
                continue
            named = [one for one in self.guests if one.name and _names_in(one, folded)]
            if (
                _FIRST_PERSON.search(folded)
                and (signer or (guest.organizer and not self._signed_by_other(guest)))
                and others
            ):
                return True
            if _FIRST_PERSON.search(folded):
                continue
            if guest in named and not (len(named) > 1 and signer):
                return True
            if not named and (signer or (guest.organizer and not self._signed_by_other(guest))) and others:
                return True
        return False

    def _signs(self, guest: Guest) -> bool:
        return guest.part(Part.SIGNER) is not None

    def _signed_by_other(self, guest: Guest) -> bool:
        return any(one.part(Part.SIGNER) for one in self.guests if one is not guest) or any(
            mention.part is Part.SIGNER for mention in self.loose
        )

    def _only_arranges(self, guest: Guest, others: bool) -> str:
        """Why this person was not in the room, or nothing."""
        if guest.part(Part.SHADOW):
            return "only listens"
        said = guest.part(Part.INTERVIEWER)
        if said is not None and said.listed:
            return ""
        if guest.part(Part.COORDINATOR) and others:
            return "arranges the interview"
        if others and self._is_absent(guest, others):
            return "says not to be in the interview"
        title = fold(guest.title)
        if (
            title
            and others
            and said is None
            and _title("coordinator_titles").search(title)
            and not _title("head_titles").search(_without_people(title))
        ):
            return f"arranges it ({guest.title})"
        if (
            title
            and others
            and said is None
            and self._signs(guest)
            and _title("recruiter_titles").search(title)
            and not self._speaks_of_self()
        ):
            return f"recruits ({guest.title})"
        if guest.optional and said is None and not self._is_spoken_of(guest):
            return "is optional and not named as an interviewer"
        return ""

    def _is_spoken_of(self, guest: Guest) -> bool:
        """Whether the text calls this person by title and family name: `Frau Weber`, `Dr. Roe`."""
        family = guest.family_name or (guest.name.split()[-1] if guest.name else "")
        if not family or has_cjk(family):
            return False
        words = "|".join(re.escape(word) for word in lexicon().words("people", "honorifics") if not has_cjk(word))
        return (
            re.search(
                rf"(?<!\w)(?:{words})\s+(?:\w+\.?\s+)?{re.escape(family)}(?!\w)", self.reading.body, re.IGNORECASE
            )
            is not None
        )

    def _speaks_of_self(self) -> bool:
        folded = self.reading.folded_body
        return _me().search(folded) is not None or any(phrase in self.reading.body for phrase in _me_cjk())

    def cast(self, *, happens: bool) -> Cast:
        """Sort everybody."""
        excluded: dict[str, Excluded] = {}
        rooms: list[Guest] = []
        for guest in self.guests:
            if guest.nature is not Nature.PERSON:
                excluded[guest.email] = Excluded(guest.email, f"{guest.nature.value}", guest.name)
            elif guest.declined:
                excluded[guest.email] = Excluded(guest.email, "declined", guest.name)
            elif guest.deputy:
                excluded[guest.email] = Excluded(guest.email, "sent the invite on behalf of another", guest.name)
            elif guest.part(Part.CANDIDATE):
                excluded[guest.email] = Excluded(guest.email, "is a candidate", guest.name)
            else:
                rooms.append(guest)
        loose = self._loose_interviewers()
        chosen = self._choose(rooms, loose, excluded)
        interviewers = [self._interviewer(guest) for guest in chosen]
        for mention in loose:
            if not any(same_person(mention.name, one.name) for one in interviewers):
                interviewers.append(self._from_mention(mention))
        for address in addresses_in(self.reading.whole):
            if (
                not self.owner.owns(address)
                and address not in excluded
                and not any(one.email == address for one in interviewers)
            ):
                excluded[address] = Excluded(address, "only stands in the text")
        relay = self._relay(chosen)
        recipients = self._recipients(interviewers, relay) if happens else ()
        receiving = {one.email for one in recipients}
        passing = (
            Recipient(
                relay.name,
                relay.email,
                RecipientKind.RELAY,
                "arranged the interview",
                relay.family_name,
                relay.honorific,
                relay.title,
                tuple(one.name for one in interviewers if one.name),
            )
            if relay is not None and happens
            else None
        )
        left = tuple(one for one in excluded.values() if one.email not in receiving)
        return Cast(tuple(interviewers), recipients, left, passing)

    def _choose(self, rooms: list[Guest], loose: list[Mention], excluded: dict[str, Excluded]) -> list[Guest]:
        named = [guest for guest in rooms if guest.part(Part.INTERVIEWER)]
        listed = any(
            mention.listed for guest in named for mention in guest.mentions if mention.part is Part.INTERVIEWER
        ) or any(mention.listed for mention in loose)
        main = self.domain or (self.companies[0] if self.companies else "")
        chosen: list[Guest] = []
        for guest in rooms:
            others = any(one is not guest for one in (*named, *[room for room in rooms if room.attendee])) or bool(
                loose
            )
            reason = self._only_arranges(guest, others)
            said = guest.part(Part.INTERVIEWER)
            if not reason and guest.writer and said is None:
                reason = "wrote the message"
            if (
                not reason
                and listed
                and said is None
                and not (
                    self._speaks_of_self()
                    and (self._signs(guest) or guest.organizer)
                    and not self._signed_by_other(guest)
                )
            ):
                reason = "is not among the interviewers listed"
            if (
                not reason
                and main
                and said is None
                and not guest.organizer
                and organisation(domain_of(guest.email)) != main
                and self._is_stranger(guest)
            ):
                reason = "belongs to another organisation"
            if (
                not reason
                and (named or (loose and not guest.attendee))
                and said is None
                and (guest.organizer or self._signs(guest))
                and not self._speaks_of_self()
            ):
                reason = "invited you, others are named as interviewers"
            if reason:
                excluded[guest.email] = Excluded(guest.email, reason, guest.name)
            else:
                chosen.append(guest)
        return chosen

    def _is_stranger(self, guest: Guest) -> bool:
        return not any(
            one.organizer and organisation(domain_of(one.email)) == organisation(domain_of(guest.email))
            for one in self.guests
        )

    def _loose_interviewers(self) -> list[Mention]:
        found: list[Mention] = []
        squeezed_company = squeezed(self.company)
        have_guests = any(
            guest.nature is Nature.PERSON and (guest.attendee or guest.organizer) and not guest.declined
            for guest in self.guests
        )
        avoid = [mention for mention in self.loose if mention.part in {Part.COORDINATOR, Part.SHADOW, Part.CANDIDATE}]
        for mention in sorted(self.loose, key=lambda one: (one.part is Part.INVITER, not one.listed)):
            if (
                mention.part not in {Part.INTERVIEWER, Part.INVITER}
                or not mention.full
                or self._is_company(mention.name, squeezed_company)
            ):
                continue
            if mention.part is Part.INVITER and (found or have_guests):
                continue
            if not mention.listed and not mention.title and mention.source == "the title":
                continue
            if any(same_person(mention.name, other.name) for other in avoid) and not mention.listed:
                continue
            same = [index for index, one in enumerate(found) if same_person(one.name, mention.name)]
            if same:
                continue
            title = mention.title or next(
                (other.title for other in self.loose if other.title and same_person(other.name, mention.name)), ""
            )
            email = mention.email or next(
                (other.email for other in self.loose if other.email and same_person(other.name, mention.name)), ""
            )
            found.append(
                Mention(mention.name, mention.part, mention.source, title, email, mention.honorific, mention.listed)
            )
        return found

    def _is_company(self, name: str, squeezed_company: str) -> bool:
        plain = squeezed(name)
        if squeezed_company and (plain in squeezed_company or squeezed_company in plain):
            return True
        if any(
            plain.startswith(own_label(company).replace("-", ""))
            or own_label(company).replace("-", "").startswith(plain)
            for company in self.companies
        ):
            return True
        names = [fold(guest.name) for guest in self.guests if guest.nature is not Nature.PERSON]
        return any(fold(name) in other for other in names)

    def _interviewer(self, guest: Guest) -> Interviewer:
        said = guest.part(Part.INTERVIEWER)
        if said is not None:
            source, sure = f"named as interviewer in {said.source}", 0.95
        elif guest.organizer and not guest.attendee:
            source, sure = "invited you", 0.8
        else:
            source, sure = "takes part", 0.85
        name = guest.name or next((one.name for one in guest.mentions if one.full), "") or from_address(guest.email)
        family = (
            guest.family_name
            if guest.family_name and guest.family_name in name
            else read_display_name(name).family_name
        )
        return Interviewer(name, guest.email, source, sure, guest.title, family, guest.honorific)

    def _from_mention(self, mention: Mention) -> Interviewer:
        email = mention.email if mention.email and self._is_trusted(mention) else ""
        read = read_display_name(mention.name)
        return Interviewer(
            mention.name,
            email,
            f"named in {mention.source}",
            0.9 if mention.listed else 0.75,
            mention.title,
            read.family_name,
            mention.honorific,
        )

    def _is_trusted(self, mention: Mention) -> bool:
        """Whether an address in the text is this interviewer's: the name fits, and the domain is the company's."""
        domain = domain_of(mention.email)
        if (
            is_third_party(domain)
            or nature(mention.email) is not Nature.PERSON
            or not fits_address(mention.name, mention.email)
        ):
            return False
        org = organisation(domain)
        addresses = [guest.email for guest in self.guests if guest.organizer or guest.attendee]
        invited = {organisation(domain_of(one)) for one in addresses if not is_third_party(domain_of(one))}
        if invited:
            return org in invited
        label = own_label(domain).replace("-", "")
        without = re.sub(r"\S+@\S+", " ", self.reading.whole).replace(mention.name, " ")
        return len(label) > 3 and label in squeezed(without)

    def _relay(self, chosen: list[Guest]) -> Guest | None:
        """A human who arranged it and may pass the thanks on."""
        candidates = [
            guest
            for guest in self.guests
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
                not self._signs(guest),
                not guest.organizer,
                not guest.writer,
            ),
        )
        if ranked:
            return ranked[0]
        for mention in self.loose:
            if mention.part in {Part.COORDINATOR, Part.SIGNER} and mention.email and self._is_trusted(mention):
                return Guest(mention.email, mention.name, title=mention.title)
        return self._relay_in_text()

    def _relay_in_text(self) -> Guest | None:
        """`Your recruiter is Ana Ruiz, ana.ruiz@...`: a recruiter with name and address in one sentence."""
        for sentence in self.reading.body.split("\n"):
            folded = fold(sentence)
            if not (_title("recruiter_titles").search(folded) or _title("coordinator_titles").search(folded)):
                continue
            for address in addresses_in(sentence):
                for match in re.finditer(
                    r"[^\W\d_][\w'’.-]+(?:\s+[^\W\d_][\w'’-]+){1,3}", sentence[: fold(sentence).find(address)]
                ):
                    words = match.group().split()
                    for size in (3, 2):
                        name = read_display_name(" ".join(words[-size:])).name if len(words) >= size else ""
                        mention = Mention(name, Part.COORDINATOR, "text", email=address)
                        if name and self._is_trusted(mention):
                            return Guest(address, name, title="recruiter")
        return None

    def _recipients(self, interviewers: list[Interviewer], relay: Guest | None) -> tuple[Recipient, ...]:
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


_FIRST_PERSON = re.compile(r"\b(?:i|i'm|i'll|ich|je|yo|io|ik|eu|ja|jag|me|myself)\b|我|私")


def _names_in(guest: Guest, folded: str) -> bool:
    return any(
        re.search(rf"(?<!\w){re.escape(word)}(?!\w)", folded) for word in key(guest.name).split() if len(word) > 2
    )


def _without_people(title: str) -> str:
    """`EA to the CEO`: what follows is another person's function."""
    return re.split(r"\b(?:to|of|for|de|von|zu|van)\b", title)[0]


@lru_cache(maxsize=8)
def _title(which: str) -> re.Pattern[str]:
    return re.compile(
        "|".join(
            title_pattern(phrase) for phrase in sorted(set(lexicon().words("people", which)), key=len, reverse=True)
        )
    )


def is_head(title: str) -> bool:
    """Whether a title is that of somebody who heads a unit."""
    return bool(title) and _title("head_titles").search(fold(title)) is not None


def is_recruiter(title: str) -> bool:
    """Whether a title is that of somebody who recruits."""
    return bool(title) and _title("recruiter_titles").search(fold(title)) is not None


@lru_cache(maxsize=1)
def _absent() -> re.Pattern[str]:
    return any_of(word for word in lexicon().words("people", "absent") if not has_cjk(word))


@lru_cache(maxsize=1)
def _absent_cjk() -> tuple[str, ...]:
    return tuple(word for word in lexicon().words("people", "absent") if has_cjk(word))


@lru_cache(maxsize=1)
def _me() -> re.Pattern[str]:
    return any_of(word for word in lexicon().words("people", "me") if not has_cjk(word))


@lru_cache(maxsize=1)
def _me_cjk() -> tuple[str, ...]:
    return tuple(word for word in lexicon().words("people", "me") if has_cjk(word))
