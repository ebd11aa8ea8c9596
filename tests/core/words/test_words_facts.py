"""Event text is data: a fact that should not be spoken is left out, and the draft reads well without it."""

import re
from datetime import UTC, datetime

import pytest

from daemon.core.compose import compose, reply_subject
from daemon.core.model import Formality, OwnerNotes, Recipient, RecipientKind, Voice
from daemon.core.words_facts import speakable, speakable_company, speakable_role, spoken_name
from tests.core.words.words_samples import LANGUAGES, VOICE, fact, faults, interview, person

HOSTILE = [
    "{{ 7*7 }}",
    "${7*7}",
    "{% for x in range(9) %}a{% endfor %}",
    "[Company]",
    "<script>alert(1)</script>",
    "<b>Acme</b>",
    "Acme\r\nBcc: all@x.example",
    "Acme\nX: y",
    "https://acme.example/join",
    "www.acme.example",
    "zoom.com/j/123",
    "jane@acme.example",
    "Acme\u202eemcA",
    "Acme\x00",
    "Acme\u2028line",
    "None",
    "null",
    "TBD",
    "&lt;Acme&gt;",
    "`rm -rf`",
    "A" * 200,
    "(" + " " * 60_000,
    " " * 60_000 + "x" * 200,
    "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    "",
    "  ",
    "---",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_facts_are_left_out(hostile: str) -> None:
    assert speakable(hostile) == ""
    for language in LANGUAGES:
        clean = compose(interview(language, role=None, company=None), person(""), VOICE)
        words = compose(interview(language, role=hostile, company=hostile), person(hostile), VOICE)
        assert words == clean
        assert not faults(words, language)


@pytest.mark.parametrize(
    ("role", "spoken"),
    [
        ("Data Engineer (m/w/d)", "Data Engineer"),
        ("Chargée de projet (H/F)", "Chargée de projet"),
        ("Backend Engineer (Payments)", "Backend Engineer"),
        ("Product  Manager ", "Product Manager"),
        ("Product Manager position", "Product Manager"),
        ("Engineering Manager, Search", "Engineering Manager, Search"),
        ("C++ Developer", "C++ Developer"),
        ("C# / .NET Developer", "C# / .NET Developer"),
        ("R&D Lead", "R&D Lead"),
        ("Pflegefachkraft [befristet]", "Pflegefachkraft"),
        ("(m/w/d)", ""),
        ("Engineer (see https://x.example)", "Engineer"),
        ("Engineer https://x.example", ""),
    ],
)
def test_a_role_is_spoken_without_its_marks(role: str, spoken: str) -> None:
    assert speakable_role(fact(role)) == spoken


def test_a_company_does_not_end_the_sentence_twice() -> None:
    assert speakable_company(fact("Acme Inc.")) == "Acme Inc"
    assert speakable_company(fact("Lohmann & Reis")) == "Lohmann & Reis"
    assert speakable_company(None) == ""


@pytest.mark.parametrize(
    ("name", "full", "given", "family"),
    [
        ("Jane Doe", "Jane Doe", "Jane", ""),
        ("Doe, Jane", "Jane Doe", "Jane", "Doe"),
        ("Jane Doe, PhD", "Jane Doe", "Jane", ""),
        ("DUPONT Hélène", "DUPONT Hélène", "Hélène", ""),
        ("J. Doe", "J. Doe", "", ""),
        ("JP Smith", "JP Smith", "", ""),
        ("JANE DOE", "JANE DOE", "Jane", ""),
        ("Mei-Ling Tsao", "Mei-Ling Tsao", "Mei-Ling", ""),
        ("藤原 誠一", "藤原 誠一", "", "藤原"),
        ("赵文博", "赵文博", "", ""),
        ("Priya", "Priya", "Priya", ""),
        ("Room 4", "", "", ""),
        ("Doe, Jane, Smith, John", "", "", ""),
    ],
)
def test_names_are_taken_apart_only_where_that_is_certain(name: str, full: str, given: str, family: str) -> None:
    spoken = spoken_name(person(name))
    assert (spoken.full, spoken.given, spoken.family) == (full, given, family)


@pytest.mark.parametrize(
    ("language", "recipient", "greeting"),
    [
        ("en", person("Jane Doe"), "Hi Jane,"),
        ("en", person("J. Doe"), "Hi J. Doe,"),
        ("en", person(""), "Hello,"),
        ("de", person("Petra Müller"), "Guten Tag Petra Müller,"),
        ("de", person("Petra Müller", family_name="Müller", honorific="Frau"), "Guten Tag Frau Müller,"),
        ("de", person("Petra Müller", family_name="Müller", honorific="Dr."), "Guten Tag Dr. Petra Müller,"),
        ("de", person(""), "Guten Tag,"),
        ("fr", person("Anaïs Morvan"), "Bonjour Anaïs Morvan,"),
        ("it", person("Marta Invernizzi"), "Gentile Marta Invernizzi,"),
        ("pl", person("Marcin Głowacki"), "Dzień dobry,"),
        ("sv", person("Petter Ahlgren"), "Hej Petter,"),
        ("nl", person("Joris Hendriks"), "Beste Joris Hendriks,"),
        ("ja", person("藤原 誠一"), "Acme\n藤原様"),
        ("ja", person("大西真理"), "Acme\n大西真理様"),
        ("ja", person("大西真理", family_name="大西"), "Acme\n大西様"),
        ("zh", person("赵文博"), "赵文博，您好："),
    ],
)
def test_people_are_greeted_as_their_language_does(language: str, recipient: Recipient, greeting: str) -> None:
    assert compose(interview(language), recipient, VOICE).body.split("\n\n")[0] == greeting


def test_the_day_is_that_of_the_interviews_own_zone() -> None:
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    assert "November 20" in compose(interview(start=late, zone="America/New_York"), person(), VOICE).body
    assert "21 November" in compose(interview(start=late, zone="Europe/Berlin"), person(), VOICE).body
    assert "11月21日" in compose(interview("ja", start=late, zone="Asia/Tokyo"), person(), VOICE).body


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_owners_notes_stand_whole_and_unchanged(language: str) -> None:
    notes = OwnerNotes(
        "  the move to {{ Kafka }}\nand [why]  ", "I speak Dutch!", "It was twelve nodes, not twenty. " * 12
    )
    bodies = [compose(interview(language), person(), VOICE, variant=v, panel=4, notes=notes).body for v in range(4)]
    for body in bodies:
        assert "the move to {{ Kafka }} and [why]" + ("。" if language in ("ja", "zh") else ".") in body
        assert "I speak Dutch!" in body
        assert ("It was twelve nodes, not twenty. " * 12).strip() in body
        assert body.endswith("\nAlex Kim")
    leads = [
        {line.split("I speak")[0].split("[why]")[-1] for line in body.split("\n") if "I speak" in line}.pop()
        for body in bodies
    ]
    assert len(set(leads)) == 4
    assert compose(interview(language), person(), VOICE, notes=OwnerNotes("", "", "")) == compose(
        interview(language), person(), VOICE
    )


@pytest.mark.parametrize(
    ("language", "note", "said"),
    [
        ("en", "We talked about the move to Kafka", "conversation: the move to Kafka."),
        ("en", "We talked about", "conversation: We talked about."),
        ("en", "The way you plan. And more", "conversation: the way you plan. And more."),
        ("en", "Their Kafka move", "conversation: their Kafka move."),
        ("en", "Kafka", "conversation: Kafka."),
        ("en", "we talked aboutness", "conversation: we talked aboutness."),
        (
            "en",
            "- the move to Kafka.\n- why it took two years\n",
            "conversation: the move to Kafka; why it took two years.",
        ),
        ("en", "1. the garden\n2. the kitchen", "conversation: the garden; the kitchen."),
        ("en", "-5 degrees in the store", "conversation: -5 degrees in the store."),
        ("zh", "我们谈到了供应链", "是：供应链。"),
    ],
)
def test_a_note_is_not_introduced_twice_and_a_list_becomes_a_sentence(language: str, note: str, said: str) -> None:
    bodies = [
        compose(interview(language), person(), VOICE, variant=v, panel=4, notes=OwnerNotes(talked_about=note)).body
        for v in range(4)
    ]
    assert any(said in body for body in bodies)


def test_the_first_of_the_month_is_written_as_french_has_it() -> None:
    first = datetime(2026, 12, 1, 15, tzinfo=UTC)
    assert "mardi 1er décembre" in compose(interview("fr", start=first), person(), VOICE).body
    assert "martedì 1º dicembre" in compose(interview("it", start=first), person(), VOICE).body
    assert "1º de dezembro" in compose(interview("pt", start=first), person(), VOICE).body


@pytest.mark.parametrize(
    ("language", "company", "said"),
    [
        ("de", "Museum Kupferhof", "beim Museum Kupferhof"),
        ("de", "Universität Marburg", "bei der Universität Marburg"),
        ("fr", "Université de Lyon", "à l’Université de Lyon"),
        ("fr", "Musée du Lin", "au Musée du Lin"),
        ("es", "Universidad de Lugo", "en la Universidad de Lugo"),
        ("it", "Museo del Mare", "presso il Museo del Mare"),
        ("pt", "Hospital São Bento", "no Hospital São Bento"),
        ("pl", "Szpital Wojewódzki", "w instytucji Szpital Wojewódzki"),
        ("sv", "Lunds universitet", "vid Lunds universitet"),
        ("en", "University of Leeds", "at the University of Leeds"),
        ("en", "The Economist", "at The Economist"),
        ("en", "Oxford University", "at Oxford University"),
    ],
)
def test_institutions_get_their_article(language: str, company: str, said: str) -> None:
    assert said in compose(interview(language, company=company), person(), VOICE).body


def test_company_and_role_are_said_as_people_say_them() -> None:
    body = compose(interview(role="The Head of Data", company="Acme, Inc."), person(), VOICE).body
    assert "the Head of Data role at Acme" in body
    assert "Inc" not in body
    assert "!" not in compose(interview(company="Yahoo!"), person(), VOICE).body


@pytest.mark.parametrize("language", ["de", "fr", "it", "nl", "sv"])
def test_a_subject_to_a_group_speaks_to_nobody_alone(language: str) -> None:
    group = person("Jane Doe", copies=("ben@acme.example",), on_behalf_of=("Jane Doe", "Ben Cole"))
    for id_ in "abcdefgh":
        subject = compose(interview(language, id=id_, formality=Formality.INFORMAL), group, VOICE).subject
        assert not re.search(r"\b(?:deine|ton|tuo|Suo|je|uw|din)\b", subject)


def test_an_article_in_a_company_is_merged() -> None:
    bodies = [
        compose(interview("fr", company="Le Bon Fournil"), person(), VOICE, variant=v, panel=4).body for v in range(4)
    ]
    assert any("l’équipe du Bon Fournil" in body for body in bodies)
    assert not any("de Le " in body for body in bodies)


def test_a_role_with_a_comma_does_not_break_the_sentence() -> None:
    body = compose(interview(role="Art Director, Packaging"), person(), VOICE).body
    assert "the role of Art Director, Packaging, at Acme" in body
    assert (
        "the role of Art Director, Packaging"
        in compose(interview(role="Art Director, Packaging", company=None), person(), VOICE).body
    )


@pytest.mark.parametrize("note", ["It went well.", 'They said "yes."', "Did it? (It did!)", "好的。"])
def test_a_finished_sentence_gets_no_second_stop(note: str) -> None:
    assert f"{note}\n" in compose(interview(), person(), VOICE, notes=OwnerNotes(talked_about=note)).body


def test_whoever_is_thanked_through_a_coordinator_is_named_as_people_are() -> None:
    through = person("Sam Lee", RecipientKind.RELAY, on_behalf_of=("Doe, Jane", "{{ 7*7 }}", "Ben Cole, PhD"))
    assert "Jane Doe and Ben Cole" in compose(interview(), through, VOICE).body


def test_a_signature_follows_the_name() -> None:
    body = compose(interview(), person(), Voice("Alex Kim", signature="+49 30 123\nalexkim.example")).body
    assert body.endswith("\nAlex Kim\n+49 30 123\nalexkim.example")


def test_the_language_is_the_owners_choice_then_the_invites_then_english() -> None:
    assert compose(interview("de"), person(), Voice("Alex Kim", language="fr")).body.startswith("Bonjour")
    assert compose(interview("pt-BR"), person(), VOICE).body.startswith("Olá")
    assert compose(interview("tlh"), person(), VOICE).body.startswith("Hi Jane,")


@pytest.mark.parametrize(
    ("original", "answer"),
    [
        ("Interview with Acme", "Re: Interview with Acme"),
        ("Re: Interview", "Re: Interview"),
        ("AW: RE: Interview", "Re: Interview"),
        ("Re[2]: Interview", "Re: Interview"),
        ("回复：面试", "Re: 面试"),
        ("Interview\r\nBcc: all@x.example", "Re: Interview Bcc: all@x.example"),
        ("Research: an overview", "Re: Research: an overview"),
        ("", ""),
        ("Re:", ""),
    ],
)
def test_answers_carry_one_mark(original: str, answer: str) -> None:
    assert reply_subject(original) == answer
