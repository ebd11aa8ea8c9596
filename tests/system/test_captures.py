"""The pictures in the documentation come from the program as it is."""

import importlib.util
import re
from html import unescape
from pathlib import Path
from types import ModuleType

import pytest

BUILD = Path(__file__).parents[2] / "docs" / "captures" / "build.py"


@pytest.fixture(scope="module")
def captures() -> ModuleType:
    spec = importlib.util.spec_from_file_location("captures", BUILD)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _words(svg: str) -> str:
    return unescape(" ".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg))).replace("\xa0", " ")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("demo", ("thank", "nothing owed", "in Drafts", "in the inbox", "Interview: Data Engineer at Brightwater")),
        ("status", ("Follow-ups", "untouched", "sent", "Left alone")),
        ("explain", ("an interview of yours", "not an interview of yours", "because")),
    ],
)
def test_a_picture_shows_what_the_program_does(
    captures: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, shown: tuple[str, ...]
) -> None:
    monkeypatch.setenv("AFTERWORD_STATE", str(tmp_path))
    made = _words(captures.CAPTURES[name](tmp_path / "demo"))
    kept = _words(BUILD.with_name(f"{name}.svg").read_text(encoding="utf-8"))
    for words in shown:
        assert words in made
        assert words in kept, "write it anew: make captures"
