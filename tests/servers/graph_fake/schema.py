"""Microsoft's published metadata (CSDL) as a check on requests and answers: names, kinds and enumerations.

`message` is an open type, so names that the schema does not know are refused here and not by the schema.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

_NS = "{http://docs.oasis-open.org/odata/ns/edm}"
_CHECKS = {
    "Edm.String": str,
    "Edm.Boolean": bool,
    "Edm.Int32": int,
    "Edm.DateTimeOffset": str,
}
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True)
class Csdl:
    """Types by their name without namespace: property -> type, and the members of enumerations."""

    types: dict[str, dict[str, str]]
    bases: dict[str, str]
    enums: dict[str, frozenset[str]]

    def properties(self, name: str) -> dict[str, str]:
        """Inherited ones included."""
        found: dict[str, str] = {}
        while name:
            found = {**self.types.get(name, {}), **found}
            name = self.bases.get(name, "")
        return found

    def problems(self, name: str, content: Any) -> list[str]:
        """What the schema does not allow, each with its path."""
        return list(self._problems(name, content, name))

    def _problems(self, kind: str, content: Any, path: str) -> list[str]:
        if content is None:
            return []
        if kind.startswith("Collection("):
            if not isinstance(content, list):
                return [f"{path}: no list"]
            inner = kind[len("Collection(") : -1]
            return [p for i, each in enumerate(content) for p in self._problems(inner, each, f"{path}[{i}]")]
        if kind in _CHECKS:
            wrong = not isinstance(content, _CHECKS[kind])
            undated = kind == "Edm.DateTimeOffset" and isinstance(content, str) and not _DATE.fullmatch(content)
            return [f"{path}: {content!r} is no {kind}"] if wrong or undated else []
        name = kind.rpartition(".")[2]
        if name in self.enums:
            return [] if content in self.enums[name] else [f"{path}: {content!r} is not in {name}"]
        known = self.properties(name)
        if not known or not isinstance(content, dict):
            return [f"{path}: {kind} is unknown or no object"]
        found: list[str] = []
        for key, value in content.items():
            if key.startswith("@") or "@odata" in key:
                continue
            if key not in known:
                found.append(f"{path}: {name} has no {key}")
            else:
                found += self._problems(known[key], value, f"{path}.{key}")
        return found


def load_csdl(path: Path) -> Csdl:
    """Only what the checks need of the file."""
    types: dict[str, dict[str, str]] = {}
    bases: dict[str, str] = {}
    enums: dict[str, frozenset[str]] = {}
    for element in ET.parse(path).getroot().iter():  # noqa: S314 (a file that lies beside the project)
        name = element.get("Name", "")
        if element.tag in (f"{_NS}EntityType", f"{_NS}ComplexType") and name not in types:
            members = (each for each in element if each.tag in (f"{_NS}Property", f"{_NS}NavigationProperty"))
            types[name] = {each.get("Name", ""): each.get("Type", "") for each in members}
            bases[name] = element.get("BaseType", "").rpartition(".")[2]
        elif element.tag == f"{_NS}EnumType":
            enums[name] = frozenset(each.get("Name", "") for each in element if each.tag == f"{_NS}Member")
    return Csdl(types, bases, enums)
