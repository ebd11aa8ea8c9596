"""Every language, stage, kind, formality and combination of missing facts gives a draft that is ready to send."""

import re
from itertools import product

import pytest

from daemon.core.compose import NATIVE_REVIEWED, compose, languages
from daemon.core.model import Formality, RecipientKind, Voice
from tests.core.words.words_samples import (
    LANGUAGES,
    OWNER,
    SPACELESS,
    STAGES,
    VOICE,
    faults,
    interview,
    person,
    sentences,
)

KINDS = {
    "interviewer": person(),
    "address needed": person(kind=RecipientKind.ADDRESS_NEEDED),
    "nameless": person(name=""),
    "relay": person("Sam Lee", RecipientKind.RELAY, on_behalf_of=("Jane Doe", "Ben Cole")),
    "relay for nobody named": person("Sam Lee", RecipientKind.RELAY),
    "group": person("Jane Doe", copies=("ben@acme.example",), on_behalf_of=("Jane Doe", "Ben Cole")),
}
FACTS = list(product(("Data Engineer", None), ("Acme", None)))


def test_the_languages_are_the_folders() -> None:
    assert set(languages()) == set(LANGUAGES)
    assert set(LANGUAGES) >= NATIVE_REVIEWED


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_combination_is_ready_to_send(language: str) -> None:
    found = []
    for stage, (kind, recipient), formality, (role, company), id_ in product(
        STAGES, KINDS.items(), Formality, FACTS, ("one", "five")
    ):
        words = compose(
            interview(language, stage=stage, role=role, company=company, id=id_),
            recipient,
            Voice(OWNER, formality=formality),
        )
        found += [f"{stage} {kind} {formality} {role} {company}: {f}\n{words.body}" for f in faults(words, language)]
    assert not found, "\n\n".join(found[:8])


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_known_is_said(language: str) -> None:
    for stage, (kind, recipient), variant in product(STAGES, KINDS.items(), range(4)):
        words = compose(interview(language, stage=stage), recipient, VOICE, variant=variant, panel=4)
        assert "20" in words.body, (stage, kind)
        assert "Acme" in words.body, (stage, kind)
        assert "Data Engineer" in words.body, (stage, kind)
        if "relay" in kind and recipient.on_behalf_of:
            assert "Jane Doe" in words.body
            assert "Ben Cole" in words.body


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_panel_shares_no_sentence(language: str) -> None:
    shared = []
    for stage, (role, company), formality in product(STAGES, FACTS, Formality):
        drafts = [
            compose(
                interview(language, stage=stage, role=role, company=company),
                person(),
                Voice(OWNER, formality=formality),
                variant=variant,
                panel=4,
            )
            for variant in range(4)
        ]
        spoken = [sentence for words in drafts for sentence in sentences(words.body)]
        shared += [f"{stage}: {s}" for s in set(spoken) if spoken.count(s) > 1]
        assert all(len(sentences(words.body)) >= 3 for words in drafts)
    assert not shared


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_interview_gets_the_same_words_and_another_one_others(language: str) -> None:
    first = [compose(interview(language, id="a1"), person(), VOICE).body for _ in range(3)]
    assert len(set(first)) == 1
    assert len({compose(interview(language, id=f"i{n}"), person(), VOICE).body for n in range(40)}) > 8


@pytest.mark.parametrize("language", SPACELESS)
def test_the_script_is_right(language: str) -> None:
    for stage, variant in product(STAGES, range(4)):
        body = compose(interview(language, stage=stage), person(), VOICE, variant=variant, panel=4).body
        letters = re.sub(r"Data Engineer|Acme|Jane Doe|Alex Kim|\W|\d", "", body)
        assert not re.search(r"[A-Za-z]", letters)
        assert bool(re.search(r"[\u3040-\u30ff]", letters)) is (language == "ja")
        assert "," not in body
        assert ". " not in body


GENDERED = {
    "fr": "ravie? intéressée? convaincue? enchantée? heureux heureuse prête? certaine? reconnaissante? motivée? "
    "aidée? marquée? contente? Monsieur Madame",
    "es": "interesad[oa] encantad[oa] agradecid[oa] convencid[oa] dispuest[oa] list[oa] content[oa] "
    "estimad[oa] querid[oa]",
    "it": "liet[oa] interessat[oa] convint[oa] grat[oa] rimast[oa] content[oa] pront[oa] uscit[oa] cara Signor[ae]?",
    "pt": "obrigad[oa] interessad[oa] grat[oa] convencid[oa] animad[oa] prezad[oa] car[oa]",
    "pl": r"\w+(?:ał|ył|ił|ął|zł|kł)(?:em|am|bym|abym) Pani? Panem Panią Pana "
    "zainteresowan[ya] pewien pewna wdzięczn[ya] gotow[ya] sama?",
    "de": "Herr Frau Bewerber Bewerberin geehrter?",
}
"""Words that give away the gender of who writes or reads."""


@pytest.mark.parametrize("language", GENDERED)
def test_nobodys_gender_is_guessed(language: str) -> None:
    given_away = re.compile(rf"\b(?:{GENDERED[language].replace(' ', '|')})\b", re.IGNORECASE)
    for stage, recipient, formality, variant, id_ in product(STAGES, KINDS.values(), Formality, range(4), ("a", "b")):
        body = compose(
            interview(language, stage=stage, id=id_),
            recipient,
            Voice(OWNER, formality=formality),
            variant=variant,
            panel=4,
        ).body
        assert not given_away.search(body.partition("\n\n")[2]), body


def test_both_forms_of_address_are_kept_apart() -> None:
    for language, formal, informal in (
        ("de", r"\b(?:Sie|Ihnen|Ihre\w*)\b", r"\b(?:du|dir|dich|dein\w*)\b"),
        ("fr", r"\b(?:vous|votre|vos)\b", r"\b(?:tu|te|toi|ton|ta|tes)\b"),
        ("es", r"\b(?:usted|le|su|sus)\b", r"\b(?:tú|te|ti|tu|tus|contigo)\b"),
        ("it", r"\b(?:Lei|Suo|Sua|Sue|Suoi|ringraziarLa)\b", r"\b(?:tu|te|ti|tuo|tua|tue|tuoi)\b"),
        ("nl", r"\b(?:u|uw)\b", r"\b(?:je|jij|jou|jouw)\b"),
        ("zh", "您", "你"),
    ):
        for stage, variant, id_ in product(STAGES, range(4), ("a", "b")):
            for formality, wrong in ((Formality.FORMAL, informal), (Formality.INFORMAL, formal)):
                voice = Voice(OWNER, formality=formality)
                body = compose(interview(language, stage=stage, id=id_), person(), voice, variant=variant, panel=4).body
                assert not re.search(wrong, "\n".join(body.split("\n\n")[1:-1])), body


def test_formality_comes_from_the_owner_then_the_invite_then_the_language() -> None:
    def body(invite: Formality | None, owner: Formality | None) -> str:
        return compose(interview("de", formality=invite), person(), Voice(OWNER, formality=owner)).body

    assert body(None, None).startswith("Guten Tag")
    assert body(Formality.INFORMAL, None).startswith("Hallo Jane,")
    assert body(Formality.INFORMAL, Formality.FORMAL).startswith("Guten Tag Jane Doe,")
