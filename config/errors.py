"""What is wrong with a configuration: every problem at once, with file, line, key and remedy; never a value."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class ConfigProblem:
    """One thing to mend. `line` counts from 1, 0 where none is to blame; `key` is dotted: `calendars[0].url`."""

    file: Path
    line: int
    key: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else str(self.file)
        text = f"{where}: {self.key}: {self.message}" if self.key else f"{where}: {self.message}"
        return f"{text} ({self.remedy})" if self.remedy else text


class ConfigError(Exception):
    """The configuration cannot be used. `problems` is never empty and is sorted by file and line."""

    def __init__(self, problems: Iterable[ConfigProblem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class SecretError(Exception):
    """A secret could not be had. Names the reference and the remedy, never the secret."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(f"{message} ({remedy})" if remedy else message)
        self.message = message
        self.remedy = remedy
