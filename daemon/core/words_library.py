"""The words of one language: read from `daemon/templates/<language>/`, with the owner's own files laid over them.

A language is a folder; whoever adds one adds files only. Templates are Jinja2 in its sandbox, and whatever came from an
event reaches them as a value, never as template text.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

FALLBACK = "en"
NATIVE_REVIEWED: frozenset[str] = frozenset()
"""Languages whose words a native speaker has read."""

Table = Mapping[str, Any]

_ENVIRONMENT = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=False
)
_TEMPLATE_FAULTS = (TemplateError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class BrokenTemplate(Exception):
    """A template that cannot be used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Library:
    """All words of one language, after the owner's overrides."""

    language: str
    phrases: Table
    overrides: Mapping[str, str]
    """The owner's templates by name, without `.j2`."""
    problems: tuple[str, ...] = field(default=())

    def wordings(self, slot: str, *tables: str) -> tuple[str, ...]:
        """The alternatives for a slot, from the first of `tables` that has them; empty where none does."""
        for table in tables:
            found = self.phrases.get(table, {}).get(slot)
            if found:
                return (found,) if isinstance(found, str) else tuple(found)
        return ()

    def wording(self, slot: str, *tables: str) -> str:
        """The only wording for a slot, or the first of them."""
        return next(iter(self.wordings(slot, *tables)), "")

    def setting(self, table: str, name: str, default: str = "") -> str:
        """One plain value of a table."""
        return str(self.phrases.get(table, {}).get(name, default))


@cache
def languages() -> tuple[str, ...]:
    """The languages there are words for: the folders with phrases in them."""
    return tuple(
        sorted(folder.name for folder in files("daemon").joinpath("templates").iterdir() if _has_phrases(folder))
    )


def _has_phrases(folder: Any) -> bool:
    return bool(folder.is_dir() and folder.joinpath("phrases.toml").is_file())


def language_for(*wishes: str) -> str:
    """The first wish there are words for (`pt-BR` is content with `pt`), else English."""
    for wish in wishes:
        tag = wish.strip().lower().replace("_", "-")
        for candidate in (tag, tag.partition("-")[0]):
            if candidate in languages():
                return candidate
    return FALLBACK


@cache
def builtin(path: str) -> str:
    """The text of a file under `daemon/templates/`; empty where there is none."""
    resource = files("daemon").joinpath("templates", *path.split("/"))
    return resource.read_text(encoding="utf-8") if resource.is_file() else ""


@cache
def table(path: str) -> Table:
    """A TOML file under `daemon/templates/`; empty where there is none."""
    return MappingProxyType(tomllib.loads(builtin(path)))


def library(language: str, overrides: Mapping[str, str]) -> Library:
    """The words of `language`. An override `de/phrases.toml` replaces single wordings, a `.j2` one a whole template."""
    phrases = table(f"{language}/phrases.toml")
    named = {name.removesuffix(".j2"): text for name, text in overrides.items() if not name.endswith(".toml")}
    problems: list[str] = []
    own = overrides.get(f"{language}/phrases.toml")
    if own is not None:
        try:
            merged = _laid_over(phrases, tomllib.loads(own))
        except (tomllib.TOMLDecodeError, BrokenTemplate) as fault:
            problems.append(f"{language}/phrases.toml: {fault}; the built-in words were used")
        else:
            phrases = merged
    return Library(language, phrases, named, tuple(problems))


def _laid_over(below: Table, above: Table) -> Table:
    merged = dict(below)
    for name, entries in above.items():
        if not isinstance(entries, dict):
            raise BrokenTemplate(f"{name!r} stands outside a table such as [any] or [greeting]")
        for slot, wordings in entries.items():
            words = wordings if isinstance(wordings, list) else [wordings]
            if not words or not all(isinstance(word, str) and word.strip() for word in words):
                raise BrokenTemplate(f"[{name}] {slot}: expected text, or a list of texts")
        merged[name] = {**below.get(name, {}), **entries}
    return MappingProxyType(merged)


@cache
def _compiled(text: str) -> Template:
    return _ENVIRONMENT.from_string(text)


def render(name: str, text: str, values: Mapping[str, object]) -> str:
    """`text` as a template over `values`. Raises BrokenTemplate, which names the template and the line."""
    try:
        return _compiled(text).render(values)
    except _TEMPLATE_FAULTS as fault:
        line = getattr(fault, "lineno", None)
        where = f"template {name!r}, line {line}" if line else f"template {name!r}"
        raise BrokenTemplate(f"{where}: {fault}") from fault
