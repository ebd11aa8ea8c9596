"""Which company invites: by label, sender's name, text, at last the domain. Never a service or an agency."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from connectors.model import Event
from daemon.core.company_names import (
    AGENCY,
    RUN,
    abbreviates,
    clean_company,
    company_in_cjk,
    department_words,
    edge_words,
    exact_runs,
    introduces_firmly,
    is_person_in,
    is_service,
    without_department,
    without_e,
)
from daemon.core.domains import (
    ADDRESS,
    Nature,
    domain_as_name,
    domain_of,
    domain_words,
    is_applicant_system,
    is_department_name,
    nature,
    organisation,
    own_label,
    squeezed,
    tenants,
)
from daemon.core.extract_text import Reading, sentences
from daemon.core.full_names import in_full, named_by_kind
from daemon.core.guests import Guest, owner_names
from daemon.core.lexicon import lexicon
from daemon.core.model import Fact, Owner
from daemon.core.names import read_display_name
from daemon.core.person_names import is_person_name, no_names
from daemon.core.phrases import any_of, fold, has_cjk
from daemon.core.role_words import has_head, interview_words

_CLIENT = re.compile(
    r"\b(?:my|our|the) client\b|\bunser(?:en|em)? (?:kunden?|mandant\w*|klient\w*)\b|\bnotre client\b|"
    r"\bnuestro cliente\b|\bnostro cliente\b|\bonze (?:opdrachtgever|klant)\b|\bnosso cliente\b|"
    r"\bnasz\w* klient\w*\b|\bvar kund\b"
)
_PORTALS = ("joinhandshake.com", "symplicity.com", "12twenty.com")


@dataclass(frozen=True, slots=True)
class Found:
    """The company, its domain, and whether an agency stands between."""

    fact: Fact | None
    domain: str
    agency: bool


class CompanySearch:
    """Looks for the company in one event; a short-lived worksheet."""

    def __init__(
        self, event: Event, reading: Reading, owner: Owner, guests: Sequence[Guest], companies: tuple[str, ...]
    ) -> None:
        self.event = event
        self.reading = reading
        self.owner = owner
        self.guests = guests
        self.companies = companies
        self.people = {fold(guest.name) for guest in guests if guest.name and guest.nature is Nature.PERSON}
        self.mine = [fold(name) for name in owner_names(event, owner)]

    def find(self) -> Found:
        """The company and how sure it is."""
        if self._from_portal():
            return Found(self._labelled() or self._from_text(), "", False)
        agencies = [domain for domain in self.companies if self._is_agency(domain)]
        employers = [domain for domain in self.companies if domain not in agencies]
        domain = employers[0] if employers else ""
        agency = bool(agencies)
        labelled = self._labelled()
        if labelled:
            return Found(labelled, domain, agency)
        if domain:
            return Found(self._in_full(self._from_domain(domain)), domain, agency)
        if agency and not employers:
            labels = [own_label(one) for one in agencies]
            client = self._client(labels) or self._from_text(avoid=labels)
            return Found(client if client and client.sure >= 0.8 else None, "", True)
        sender = self._from_sender()
        told = self._from_text()
        if (
            sender
            and told
            and squeezed(sender.value) != squeezed(told.value)
            and squeezed(told.value).startswith(squeezed(sender.value))
        ):
            return Found(told, "", agency)
        return Found(self._in_full(sender or told or self._from_tenant() or self._from_own_entry()), "", agency)

    def _from_own_entry(self) -> Fact | None:
        """`Interview Marlpit Brewing`: what is left of the title of an entry of the owner's own."""
        if self.guests:
            return None
        title = re.sub(r"\s*\([^()]*\)\s*", " ", self.reading.title)
        rest = interview_words().sub(lambda found: " " * len(found.group()), fold(title))
        words = [title[match.start() : match.end()] for match in re.finditer(r"\S+", rest)]
        name = self._trim(" ".join(word.capitalize() if title.islower() else word for word in words))
        if not RUN.fullmatch(name) or is_person_name(name) or not self._acceptable(name, ()):
            return None
        return Fact(name, "the title of your own entry", 0.6)

    def _in_full(self, fact: Fact | None) -> Fact | None:
        if fact is None:
            return None
        name = in_full(fact.value, self.reading.whole)
        return Fact(name, f"{fact.source}, in full in the text", fact.sure) if name != fact.value else fact

    def _from_portal(self) -> bool:
        """Whether a university's career portal invites: the school is not the employer."""
        return self.event.organizer is not None and domain_of(self.event.organizer.email).endswith(_PORTALS)

    def _is_agency(self, domain: str) -> bool:
        if AGENCY.search(own_label(domain)):
            return True
        return (
            len(self.companies) > 1
            and domain != self.companies[0]
            and any(guest.writer and organisation(domain_of(guest.email)) == domain for guest in self.guests)
        )

    def _labelled(self) -> Fact | None:
        for line in self.reading.body.split("\n"):
            bare = line.strip(" \t•·*")
            match = _label().match(fold(bare))
            if match:
                value = clean_company(bare[match.start("value") :])
                if value and len(value) <= 60 and not ADDRESS.search(value):
                    return Fact(value, f"“{bare[:20]}…”", 0.95)
        return None

    def _client(self, avoid: Sequence[str]) -> Fact | None:
        """`our client X`: for whom an agency looks."""
        for line in self.reading.body.split("\n"):
            for match in _CLIENT.finditer(fold(line)):
                run = RUN.match(line[match.end() :].lstrip(" ,:–-"))
                name = self._trim(run.group()) if run else ""
                if self._acceptable(name, avoid):
                    return self._extended(Fact(name, f"text “{match.group()} …”", 0.9))
        return None

    def _names(self) -> list[tuple[str, str]]:
        """Display names that may be the company's, with where they stand."""
        found: list[tuple[str, str]] = []
        if self.event.organizer is not None and not self.owner.owns(self.event.organizer.email):
            found.append((self.event.organizer.name, "the organizer's name"))
        if self.event.mail is not None and self.event.mail.sender is not None:
            found.append((self.event.mail.sender.name, "the sender's name"))
        found.extend(
            (person.name, "an invited name")
            for person in self.event.attendees
            if nature(person.email, person.name) is Nature.SHARED
        )
        return [(name, where) for name, where in found if name and fold(name) not in self.people]

    def _from_sender(self) -> Fact | None:
        for raw, where in self._names():
            name = without_department(raw)
            if not name or is_service(name) or "@" in name or not re.search(r"\w\w", name):
                continue
            if (
                fold(name) in department_words()
                or is_department_name(name)
                or (is_person_name(name) and not self._is_company_like(raw))
            ):
                continue
            return self._extended(Fact(name, where, 0.85))
        return None

    def _is_company_like(self, raw: str) -> bool:
        """A robot's display name is the company's, unless it looks like a person who is also invited."""
        read = read_display_name(raw).name
        if squeezed(without_department(raw)) != squeezed(raw) and self._robot_organizer():
            return True
        own = next(
            (guest for guest in self.guests if self.event.organizer and guest.email == self.event.organizer.email), None
        )
        if own is not None and own.nature is Nature.PERSON:
            return False
        return not (
            read
            and any(
                guest.name and fold(guest.name) == fold(read) for guest in self.guests if guest.nature is Nature.PERSON
            )
        ) and squeezed(without_department(raw)) in squeezed(
            self.reading.whole
            + " ".join(tenants(self.reading.links))
            + (self.event.organizer.email if self.event.organizer else "")
        )

    def _from_domain(self, domain: str) -> Fact:
        words = [fold(word) for word in domain_words(domain)]
        label = squeezed(own_label(domain).replace("-", " "))
        spelled = self._spelled(domain, words, label)
        if spelled is not None:
            return spelled
        return self._from_others(domain, words, label) or Fact(self._accented(domain), f"the domain {domain}", 0.8)

    def _spelled(self, domain: str, words: list[str], label: str) -> Fact | None:
        """The spelling in names, title or text that fits the domain; one that says more than it is better."""
        labels = {label, label.replace("and", "")} if len(label) > 7 else {label}
        labels |= {without_e(label)}
        sources = [*self._names(), (self.reading.title, "the title"), (self.reading.body, "the text"), *self._subject()]
        best: tuple[int, str, str] | None = None
        for text, where in sources:
            for run in self._runs(text, where):
                plain = squeezed(run)
                covers = plain in labels or (
                    plain and all(word in plain or without_e(word) in plain for word in words if word != "and")
                )
                covers = (
                    covers or abbreviates(label, run) or plain.startswith(label) or (len(label) > 4 and label in plain)
                )
                if not covers or len(run.split()) > len(words) + 3 or is_person_in(run, self.people):
                    continue
                score = 2 if plain in labels else 3 if where != "the title" else 1
                if best is None or score > best[0]:
                    best = (score, run, where)
        exact = ((2, run, where) for text, where in sources for run in exact_runs(text, labels))
        best = best or next(exact, None)
        return Fact(best[1], f"{best[2]}, as the domain {domain}", 0.95) if best else None

    def _from_others(self, domain: str, words: list[str], label: str) -> Fact | None:
        """Where no spelling fits: the name that an applicant system shows, or one in another script."""
        sender = self._from_sender() if self._robot_organizer() else None
        if (
            sender is not None
            and self._invited_domain(domain)
            and label.startswith(squeezed(sender.value))
            and squeezed(sender.value) != label
            and len(words) > 1
            and squeezed("".join(words)) != squeezed(sender.value)
        ):
            sender = None
        elif sender is not None and (
            has_cjk(sender.value)
            or squeezed(sender.value)[:4] == label[:4]
            or (len(self.companies) == 1 and self._names_company())
        ):
            return sender
        if not self._invited_domain(domain):
            told = sender or self._from_sender() or self._from_text()
            if told and squeezed(told.value)[:5] == label[:5]:
                return told
        if self.reading.whole and has_cjk(self.reading.whole):
            return company_in_cjk(self.reading.whole)
        return None

    def _names_company(self) -> bool:
        return self.event.organizer is not None and is_applicant_system(domain_of(self.event.organizer.email))

    def _robot_organizer(self) -> bool:
        organizer = self.event.organizer
        return organizer is not None and nature(organizer.email, organizer.name) in {Nature.ROBOT, Nature.CALENDAR}

    def _invited_domain(self, domain: str) -> bool:
        return any(
            organisation(domain_of(guest.email)) == domain for guest in self.guests if guest.attendee or guest.organizer
        )

    def _subject(self) -> list[tuple[str, str]]:
        return [(self.event.mail.subject, "the subject")] if self.event.mail is not None else []

    def _accented(self, domain: str) -> str:
        """The domain read as words, each in the spelling that the text uses."""
        spellings = {
            fold(word): word
            for word in re.findall(r"[^\W\d_]+", f"{self.reading.whole} {' '.join(name for name, _ in self._names())}")
            if word[0].isupper() and not word.isupper()
        }
        return " ".join(
            word if word.islower() else spellings.get(fold(word), word) for word in domain_as_name(domain).split()
        )

    def _runs(self, text: str, where: str) -> Iterable[str]:
        without = ADDRESS.sub(" ", text)
        if where.endswith("name"):
            name = without_department(without)
            if name and fold(name) not in department_words() and not is_department_name(name):
                yield name
        if has_cjk(without):
            return
        for line in sentences(without):
            for match in RUN.finditer(line):
                run = self._trim(match.group())
                if run and not is_service(run):
                    yield run

    def _trim(self, run: str) -> str:
        """Cut words off both ends that belong to the sentence and not to the name."""
        words = clean_company(without_department(re.split(r"[.!?]\s", run)[0])).rstrip(".").split()
        stop = edge_words()
        while words and fold(words[0]) in stop:
            words.pop(0)
        while words and fold(words[-1]).rstrip(".,") in stop:
            words.pop()
        text = " ".join(words)
        for person in (*self.people, *self.mine):
            if person and person in fold(text):
                rest = [
                    side for side in re.split(r"\s+(?:and|und|et|y|e|en|och|i|&)\s+", text) if person not in fold(side)
                ]
                text = rest[0] if len(rest) == 1 else ""
        return clean_company(text)

    def _from_text(self, avoid: Sequence[str] = ()) -> Fact | None:
        if has_cjk(self.reading.whole):
            told = company_in_cjk(self.reading.whole)
            if told:
                return told
        places = (
            (self.reading.title, "the title", 0.8),
            (self.reading.body, "the text", 0.72),
            *((text, where, 0.72) for text, where in self._subject()),
        )
        known = [] if self._from_portal() else [squeezed(tenant) for tenant in tenants(self.reading.links)]
        best: Fact | None = None
        for text, where, base in places:
            for line in text.split("\n"):
                for fact in (
                    *self._introduced(line, where, base, known, avoid),
                    *self._linked(line, where, known, avoid),
                ):
                    if best is None or fact.sure > best.sure:
                        best = fact
        if best is None or best.sure < 0.8:
            best = self._from_pieces(avoid) or best or self._by_kind(avoid)
        return self._extended(best) if best is not None and best.sure >= 0.55 else None

    def _introduced(
        self, line: str, where: str, base: float, known: Sequence[str], avoid: Sequence[str]
    ) -> Iterator[Fact]:
        """`interview with X`, `Ihr Interesse an X`: a name behind words that introduce one."""
        for match in _before().finditer(fold(line)):
            run = RUN.match(line[match.end() :].lstrip())
            name = self._trim(run.group()) if run else ""
            if not self._acceptable(name, avoid):
                continue
            sure = base + 0.12 * any(squeezed(name).startswith(tenant) for tenant in known)
            sure += 0.05 * (fold(self.reading.whole).count(fold(name)) > 1)
            if is_person_name(name) and sure < 0.84 and not introduces_firmly(match.group()):
                sure -= 0.3
            yield Fact(name, f"{where} “{match.group().strip()} …”", sure)

    def _linked(self, line: str, where: str, known: Sequence[str], avoid: Sequence[str]) -> Iterator[Fact]:
        """A name that the address of a link repeats."""
        if known:
            for run in self._runs(line, where):
                if squeezed(run) in known and self._acceptable(run, avoid):
                    yield Fact(run, f"{where}, as a link names it", 0.86)

    def _from_pieces(self, avoid: Sequence[str]) -> Fact | None:
        """A part of the title that the text repeats."""
        for piece in re.split(r"\s[-–—|]\s|:\s|\s<>\s|\s[x×]\s|\s/\s", self.reading.title):
            name = self._trim(piece)
            if not self._acceptable(name, avoid) or has_head(name):
                continue
            repeated = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", self.reading.body)
            if repeated and (not is_person_name(name) or self._from_portal()):
                return Fact(name, "title and text", 0.75)
        return None

    def _by_kind(self, avoid: Sequence[str]) -> Fact | None:
        """Where nothing else names one: what the title calls by its kind."""
        name = self._trim(named_by_kind(self.reading.title))
        return Fact(name, "the title", 0.7) if self._acceptable(name, avoid) else None

    def _extended(self, fact: Fact) -> Fact:
        """The longer form that the text uses: Brightmoor is Brightmoor Logistics where the signature says so."""
        if has_cjk(fact.value):
            return fact
        for line in f"{self.reading.body}\n{self.reading.place}".split("\n"):
            for match in re.finditer(rf"(?<!\w){re.escape(fact.value)}((?:\s+[A-ZÀ-Þ][\w'’.&-]*){{1,2}})", line):
                tail = match.group(1).strip()
                name = clean_company(f"{fact.value} {tail}")
                if (
                    name != fact.value
                    and self._trim(name) == name
                    and not has_head(tail)
                    and self._acceptable(name, ())
                ):
                    return Fact(name, f"{fact.source}, in full in the text", fact.sure)
        return fact

    def _acceptable(self, name: str, avoid: Sequence[str]) -> bool:
        if not name or len(name) < 2 or len(name.split()) > 6 or is_service(name) or fold(name) in department_words():
            return False
        if any(fold(word).rstrip(".,") in no_names() and len(name.split()) == 1 for word in name.split()):
            return False
        if is_person_in(name, (*self.people, *self.mine)) or has_head(name) or fold(name) in edge_words():
            return False
        return not any(squeezed(name).startswith(squeezed(label)[:5]) for label in avoid)

    def _from_tenant(self) -> Fact | None:
        for tenant in tenants(self.reading.links):
            if len(tenant) > 2 and not tenant.isdigit():
                return Fact(" ".join(word.capitalize() for word in tenant.split("-")), "a link", 0.6)
        return None


@lru_cache(maxsize=1)
def _label() -> re.Pattern[str]:
    words = sorted({fold(word) for word in lexicon().words("labels", "company")}, key=len, reverse=True)
    return re.compile(r"^(?:" + "|".join(re.escape(word) for word in words) + r")\s*(?::|：)\s*(?P<value>\S.*)$")


@lru_cache(maxsize=1)
def _before() -> re.Pattern[str]:
    return re.compile(any_of(word for word in lexicon().words("company", "before") if not has_cjk(word)).pattern)
