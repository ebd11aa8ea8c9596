"""Asking at the terminal, or not at all: without one, a question has its default or ends the command."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import questionary
import typer

from daemon.cli.told import Told


@dataclass(frozen=True, slots=True)
class Asker:
    """Whom to ask: the owner at the terminal, or nobody."""

    interactive: bool

    def text(self, question: str, default: str = "", *, flag: str, needed: bool = True) -> str:
        """A line. Without a terminal the default; raises Told (64) where there is none and one is needed."""
        if not self.interactive:
            if default or not needed:
                return default
            raise _unasked(question, flag)
        return str(_answered(questionary.text(question, default=default).ask())).strip()

    def secret(self, question: str, *, flag: str) -> str:
        """A line that is not shown."""
        if not self.interactive:
            raise _unasked(question, flag)
        return str(_answered(questionary.password(question).ask()))

    def yes(self, question: str, *, default: bool) -> bool:
        """Yes or no."""
        if not self.interactive:
            return default
        return bool(_answered(questionary.confirm(question, default=default).ask()))

    def one(self, question: str, choices: Sequence[tuple[str, str]], default: str) -> str:
        """One of the choices, given as (value, words)."""
        if not self.interactive:
            return default
        options = [questionary.Choice(words, value) for value, words in choices]
        return str(_answered(questionary.select(question, choices=options, default=default).ask()))

    def some(self, question: str, choices: Sequence[tuple[str, str]]) -> list[str]:
        """Any of the choices; without a terminal none."""
        if not self.interactive or not choices:
            return []
        options = [questionary.Choice(words, value) for value, words in choices]
        return [str(value) for value in _answered(questionary.checkbox(question, choices=options).ask())]


def at_terminal() -> Asker:
    """The owner, where standard input is a terminal."""
    return Asker(os.isatty(0))


def _answered(answer: Any) -> Any:
    if answer is None:
        raise typer.Abort
    return answer


def _unasked(question: str, flag: str) -> Told:
    return Told(f"{question}: there is no terminal to ask at; say {flag}", 64)
