"""Whatever a calendar or an owner writes: no exception, nothing evaluated, nothing of it outside its place."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.core.answers import read_answers
from daemon.core.compose import compose, reply_subject
from daemon.core.model import OwnerNotes
from tests.core.words.words_samples import LANGUAGES, VOICE, interview, person

TEXT = st.text(max_size=60)
SETTINGS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SETTINGS
@given(language=st.sampled_from(LANGUAGES), role=TEXT, company=TEXT, name=TEXT, note=TEXT)
def test_any_fact_gives_a_draft(language: str, role: str, company: str, name: str, note: str) -> None:
    words = compose(interview(language, role=role, company=company), person(name), VOICE, notes=OwnerNotes(note))
    assert not words.problems
    assert words.body.endswith("\nAlex Kim")
    assert "\n" not in words.subject
    assert "\r" not in words.body
    without_note = words.body.replace(" ".join(note.split()), "")
    assert not set("{}[]<>") & set(words.subject)
    assert not set("{}[]<>") & set(without_note)


@SETTINGS
@given(text=st.text(max_size=200), language=st.sampled_from(LANGUAGES))
def test_any_answer_is_read(text: str, language: str) -> None:
    answers = read_answers(text, language)
    assert answers
    assert all(not (a.unknown and (a.dismiss or a.not_an_interview)) for a in answers)


@SETTINGS
@given(text=st.text(max_size=300))
def test_any_subject_is_one_header_line(text: str) -> None:
    subject = reply_subject(text)
    assert not any(ord(c) < 32 or c in "\x85\u2028\u2029" for c in subject)
    assert len(subject) <= 204
    assert subject == "" or subject.startswith("Re: ")
