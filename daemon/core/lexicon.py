"""The words that recognition knows: data files of daemon/lexicon, read once.

One TOML file a language (`en.toml`, ...), `domains.toml` for addresses and links, `signals.toml` for what each signal
means and weighs a priori, `weights.json` for the fitted weights. Adding a language is adding a file.
A phrase that matches one case of the shared corpus alone ends with `#NNN`, so that bench/score.py can leave it out.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

_ORIGIN = re.compile(r"\s+#(\d{3}(?:,\d{3})*)$")
_NOT_LANGUAGES = {"domains", "signals"}


@dataclass(frozen=True, slots=True)
class SignalMeaning:
    """What a signal says, in words, and its weight before anything was fitted (log-odds)."""

    reason: str
    prior: float


@dataclass(frozen=True, slots=True)
class Language:
    """One language file: its phrases by section and key."""

    code: str
    sections: Mapping[str, Mapping[str, tuple[str, ...]]]

    def words(self, section: str, key: str) -> tuple[str, ...]:
        """The phrases under [section] key; none if the file has none."""
        return self.sections.get(section, {}).get(key, ())


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Everything known, for all languages."""

    languages: tuple[Language, ...]
    domains: Mapping[str, tuple[str, ...]]
    signals: Mapping[str, SignalMeaning]
    weights: Mapping[str, float] = field(default_factory=dict)

    def words(self, section: str, key: str) -> tuple[str, ...]:
        """The phrases under [section] key of all languages, without repeats."""
        return tuple(dict.fromkeys(word for language in self.languages for word in language.words(section, key)))

    def weight(self, signal: str) -> float:
        """Fitted log-odds of a signal, or what was believed before the fit."""
        if signal in self.weights:
            return self.weights[signal]
        meaning = self.signals.get(signal)
        return meaning.prior if meaning else 0.0


def _phrases(entries: Any, without: frozenset[str]) -> tuple[str, ...]:
    kept = []
    for entry in entries.split() if isinstance(entries, str) else entries:
        origin = _ORIGIN.search(entry)
        if origin and without.issuperset(origin.group(1).split(",")):
            continue
        kept.append(_ORIGIN.sub("", entry))
    return tuple(kept)


def read(without: frozenset[str] = frozenset()) -> Lexicon:
    """Read the data files; phrases that came from nothing but the corpus cases `without` are left out."""
    folder = resources.files("daemon.lexicon")
    languages: list[Language] = []
    domains: dict[str, tuple[str, ...]] = {}
    signals: dict[str, SignalMeaning] = {}
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        name, _, kind = entry.name.rpartition(".")
        if kind != "toml":
            continue
        data = tomllib.loads(entry.read_text(encoding="utf-8"))
        if name == "domains":
            domains = {key: _phrases(value, without) for key, value in data.items()}
        elif name == "signals":
            signals = {key: SignalMeaning(str(value["reason"]), float(value["prior"])) for key, value in data.items()}
        elif name not in _NOT_LANGUAGES:
            sections = {
                section: {key: _phrases(value, without) for key, value in table.items()}
                for section, table in data.items()
                if isinstance(table, dict)
            }
            languages.append(Language(name, sections))
    weights_file = folder / "weights.json"
    weights = json.loads(weights_file.read_text(encoding="utf-8"))["weights"] if weights_file.is_file() else {}
    return Lexicon(tuple(languages), domains, signals, weights)


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The lexicon as it ships."""
    return read()
