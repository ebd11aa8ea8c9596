"""The man page says what the commands say."""

import importlib.util
from pathlib import Path

BUILD = Path(__file__).parents[2] / "docs" / "man" / "build.py"


def test_the_man_page_is_made_from_the_commands_as_they_are() -> None:
    spec = importlib.util.spec_from_file_location("man_page", BUILD)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    remedy = "write it anew: make man"
    assert BUILD.with_name("afterword.1").read_text() == module.render(), remedy
