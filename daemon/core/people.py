"""Who was in the room, who is to be thanked and who is not, each with the reason."""

import re
from dataclasses import dataclass
from functools import lru_cache

from connectors.model import Event
from daemon.core.domains import (
    Nature,
    addresses_in,
    domain_of,
    organisation,
    own_label,
    squeezed,
)
from daemon.core.extract_text import Reading, sentences
from daemon.core.guests import Guest, is_named_in, is_owner_name, matches, owner_names
from daemon.core.lexicon import lexicon
from daemon.core.mention import Mention, Part
from daemon.core.model import Excluded, Interviewer, Owner, Recipient, RecipientKind
from daemon.core.names import from_address, is_inflected, read_display_name, same_person
from daemon.core.phrases import any_of, fold, has_cjk
from daemon.core.recipients import is_trusted, recipients_of, relay_of
from daemon.core.titles import titles_of, without_people


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody of an event, sorted."""

    interviewers: tuple[Interviewer, ...]
    recipients: tuple[Recipient, ...]
    excluded: tuple[Excluded, ...]
    relay: Recipient | None


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
                guest for guest in self.guests if guest.nature is not Nature.NOTE_TAKER and matches(mention, guest)
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
            named = [one for one in self.guests if one.name and is_named_in(one, folded)]
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
            and titles_of("coordinator_titles").search(title)
            and not titles_of("head_titles").search(without_people(title))
        ):
            return f"arranges it ({guest.title})"
        if (
            title
            and others
            and said is None
            and self._signs(guest)
            and titles_of("recruiter_titles").search(title)
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
        relay = relay_of(self.guests, chosen, self.loose, self.reading)
        recipients = recipients_of(interviewers, relay) if happens else ()
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
        email = mention.email if mention.email and is_trusted(mention, self.guests, self.reading) else ""
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


_FIRST_PERSON = re.compile(r"\b(?:i|i'm|i'll|ich|je|yo|io|ik|eu|ja|jag|me|myself)\b|我|私")


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
