"""The owner's own templates: used where they work, named where they do not, never a way out of the sandbox."""

import pytest

from daemon.core.compose import compose
from daemon.core.model import RecipientKind, Voice
from tests.core.words.words_samples import VOICE, faults, interview, person

OWN = "{{ greeting }}\n\nThanks for {{ day }}{% if role %}, {{ role }}{% endif %}.\n\n{{ close }}\n{{ owner }}"


def test_an_own_template_is_used() -> None:
    words = compose(interview(), person(), VOICE, overrides={"draft.j2": OWN})
    assert words.body == "Hi Jane,\n\nThanks for Friday 20 November, Data Engineer.\n\nBest,\nAlex Kim"
    assert words.problems == ()


def test_the_closer_name_wins() -> None:
    overrides = {"draft.j2": "general", "en/draft.j2": "english", "draft.final": "final", "relay": "relay"}
    assert compose(interview(), person(), VOICE, overrides=overrides).body == "english"
    assert compose(interview(stage="final"), person(), VOICE, overrides=overrides).body == "final"
    assert compose(interview("de"), person(), VOICE, overrides=overrides).body == "general"
    assert compose(interview(), person(kind=RecipientKind.RELAY), VOICE, overrides=overrides).body == "relay"
    assert compose(interview(), person(), Voice("A", template="relay"), overrides=overrides).body == "relay"


def test_the_subject_can_be_ones_own() -> None:
    words = compose(interview(), person(), VOICE, overrides={"subject": "Thanks\n{{ role }}"})
    assert words.subject == "Thanks Data Engineer"


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{{ greeting", "line 1"),
        ("{% if role %}", "draft"),
        ("fine\n{{ rolle }}", "rolle"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ names.append('x') }}", "draft"),
        ("{{ 1 / 0 }}", "division"),
        ("{% for i in range(10**9) %}x{% endfor %}", "draft"),
        ("{% include '/etc/passwd' %}", "draft"),
        ("{% if false %}x{% endif %}", "writes nothing"),
        ("Dear {{ '{{ name }}' }}", "template marks"),
        ("Dear {{ none }}", "None"),
    ],
)
def test_a_broken_one_is_named_and_the_built_in_is_used(template: str, says: str) -> None:
    words = compose(interview(), person(), VOICE, overrides={"draft.j2": template})
    builtin = compose(interview(), person(), VOICE)
    assert words.body == builtin.body
    assert len(words.problems) == 1
    assert "draft" in words.problems[0]
    assert says in words.problems[0]
    assert "built-in" in words.problems[0]


def test_a_template_that_is_asked_for_and_missing_is_named() -> None:
    words = compose(interview(), person(), Voice("Alex Kim", template="warm"))
    assert words.problems == ("template 'warm' is not among your own templates; the built-in one was used",)
    assert words.body == compose(interview(), person(), VOICE).body


def test_single_wordings_can_be_replaced() -> None:
    own = '[any]\nthanks = "It was a pleasure on {{ day }}, thank you."\n[close]\ninformal = "Cheers,"'
    words = compose(interview(), person(), VOICE, overrides={"en/phrases.toml": own})
    assert "It was a pleasure on Friday 20 November, thank you." in words.body
    assert words.body.endswith("\n\nCheers,\nAlex Kim")
    assert not words.problems


@pytest.mark.parametrize(
    "own",
    [
        "[any",
        "any = 3",
        "[any]\nthanks = []",
        "[any]\nthanks = 3",
        '[any]\nthanks = "{{ rolle }}"',
        '[any]\nthanks = "{{"',
    ],
)
def test_broken_wordings_are_named_and_the_built_in_are_used(own: str) -> None:
    words = compose(interview(), person(), VOICE, overrides={"en/phrases.toml": own})
    assert words.body == compose(interview(), person(), VOICE).body
    assert len(words.problems) == 1
    assert words.problems[0].startswith("en/phrases.toml: ")


def test_event_text_is_never_a_template() -> None:
    own = "{{ greeting }} {{ role }} {{ company }} {{ name }} {{ subject }}"
    hostile = interview(role="{{ 7*7 }}", company="{% raw %}")
    words = compose(hostile, person("{{ 7*7 }}"), VOICE, overrides={"draft": own})
    assert "49" not in words.body + words.subject
    assert "{" not in words.body + words.subject
    assert not faults(compose(hostile, person("{{ 7*7 }}"), VOICE), "en")
