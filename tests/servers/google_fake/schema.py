"""Google's discovery documents as a judge: of paths, parameters, bodies, answers and field masks."""

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from googleapiclient.discovery_cache import get_static_doc


class Violation(Exception):
    """What was sent or answered is not what Google's document says."""


@dataclass(frozen=True)
class Route:
    """One method of one API."""

    id: str
    verb: str
    pattern: re.Pattern[str]
    parameters: dict[str, Any]
    scopes: frozenset[str]
    request: str
    response: str
    schemas: dict[str, Any]


_COMMON = {"alt": {"type": "string"}, "fields": {"type": "string"}, "prettyPrint": {"type": "boolean"}}


@cache
def routes() -> tuple[Route, ...]:
    """Every method of both APIs."""
    found: list[Route] = []
    for name, version in (("gmail", "v1"), ("calendar", "v3")):
        document = json.loads(get_static_doc(name, version))
        found += _methods(document, document["servicePath"], document)
    return tuple(found)


def _methods(node: dict[str, Any], prefix: str, document: dict[str, Any]) -> list[Route]:
    found = []
    for resource in node.get("resources", {}).values():
        for method in resource.get("methods", {}).values():
            path = re.sub(r"\\{\\?(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(f"/{prefix}{method['path']}"))
            found.append(
                Route(
                    method["id"],
                    method["httpMethod"],
                    re.compile(path),
                    method.get("parameters", {}),
                    frozenset(method["scopes"]),
                    method.get("request", {}).get("$ref", ""),
                    method.get("response", {}).get("$ref", ""),
                    document["schemas"],
                )
            )
        found += _methods(resource, prefix, document)
    return found


def find(verb: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The method that an address means, and the parameters in its path (still quoted)."""
    for route in routes():
        match = route.pattern.fullmatch(path)
        if match and route.verb == verb:
            return route, match.groupdict()
    return None


def check_request(route: Route, path: dict[str, str], query: dict[str, list[str]], body: Any) -> None:
    """Raises Violation for an unknown or ill-typed parameter or body."""
    for name, spec in route.parameters.items():
        if spec.get("required") and name not in path and name not in query:
            raise Violation(f"{route.id}: {name} is missing")
    for name, values in query.items():
        spec = route.parameters.get(name) or _COMMON.get(name)
        if spec is None:
            raise Violation(f"{route.id} has no parameter {name}")
        if len(values) > 1 and not spec.get("repeated"):
            raise Violation(f"{route.id}: {name} is not to be repeated")
        for value in values:
            _check_parameter(f"{route.id}: {name}", spec, value)
    if route.request and body is not None:
        check(body, {"$ref": route.request}, route.schemas, "request")
    elif body is not None:
        raise Violation(f"{route.id} takes no body")


def check_answer(route: Route, answer: Any) -> None:
    """Raises Violation for an answer that Google would not give."""
    if route.response:
        check(answer, {"$ref": route.response}, route.schemas, "answer")
    elif answer is not None:
        raise Violation(f"{route.id} answers nothing")


def check(value: Any, spec: dict[str, Any], schemas: dict[str, Any], where: str) -> None:
    """A value against a schema of a discovery document; a property that is not named there is refused."""
    if "$ref" in spec:
        spec = schemas[spec["$ref"]]
    kind = spec.get("type", "any")
    allowed = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float)}
    if kind != "any" and (
        not isinstance(value, allowed[kind]) or (kind in ("integer", "number") and isinstance(value, bool))
    ):
        raise Violation(f"{where} should be {kind}, not {type(value).__name__}")
    if kind == "object":
        properties, more = spec.get("properties", {}), spec.get("additionalProperties")
        for name, each in value.items():
            if name not in properties and more is None:
                raise Violation(f"{where} has no property {name}")
            check(each, properties.get(name, more), schemas, f"{where}.{name}")
    elif kind == "array":
        for index, each in enumerate(value):
            check(each, spec["items"], schemas, f"{where}[{index}]")
    elif kind == "string":
        _check_string(where, spec, value)


_FORMATS = {
    "int64": re.compile(r"-?\d{1,19}"),
    "uint64": re.compile(r"\d{1,20}"),
    "byte": re.compile(r"[A-Za-z0-9_-]*={0,2}"),
    "date-time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"),
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
}


def _check_string(where: str, spec: dict[str, Any], value: str) -> None:
    form = _FORMATS.get(spec.get("format", ""))
    if form is not None and not form.fullmatch(value):
        raise Violation(f"{where} is no {spec['format']}: {value[:60]!r}")
    if "enum" in spec and value not in spec["enum"]:
        raise Violation(f"{where} is none of {spec['enum']}")


def _check_parameter(where: str, spec: dict[str, Any], value: str) -> None:
    kind = spec["type"]
    if kind == "boolean" and value not in ("true", "false"):
        raise Violation(f"{where} is no boolean: {value!r}")
    if kind == "integer":
        if not re.fullmatch(r"-?\d+", value):
            raise Violation(f"{where} is no integer: {value!r}")
        if not int(spec.get("minimum", value)) <= int(value) <= int(spec.get("maximum", value)):
            raise Violation(f"{where} is out of bounds: {value}")
    if kind == "string":
        _check_string(where, spec, value)


Mask = dict[str, "Mask"]


def parse_mask(text: str) -> Mask:
    """`a,b(c,d/e)` as nested names; `*` and what is not balanced is refused."""
    tokens = re.findall(r"[A-Za-z0-9_*]+|[(),/]", text)
    if "".join(tokens) != text:
        raise Violation(f"fields: {text!r}")
    mask, rest = _mask(tokens)
    if rest:
        raise Violation(f"fields: {text!r}")
    return mask


def _mask(tokens: list[str]) -> tuple[Mask, list[str]]:
    mask: Mask = {}
    while tokens and tokens[0] != ")":
        node = mask.setdefault(tokens[0], {})
        tokens = tokens[1:]
        while tokens[:1] == ["/"]:
            node = node.setdefault(tokens[1], {})
            tokens = tokens[2:]
        if tokens[:1] == ["("]:
            inner, tokens = _mask(tokens[1:])
            node.update(inner)
            if tokens[:1] != [")"]:
                raise Violation("fields: a bracket is open")
            tokens = tokens[1:]
        tokens = tokens[1:] if tokens[:1] == [","] else tokens
    return mask, tokens


def apply_mask(value: Any, mask: Mask, spec: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """The part of an answer that a mask asks for. Raises Violation for a field that does not exist, as Google does."""
    if not mask:
        return value
    spec = schemas[spec["$ref"]] if "$ref" in spec else spec
    if isinstance(value, list):
        return [apply_mask(each, mask, spec["items"], schemas) for each in value]
    properties = spec.get("properties", {})
    for name in mask:
        if name not in properties:
            raise Violation(f"fields: there is no {name}")
    return {
        name: apply_mask(each, mask[name], properties[name], schemas) for name, each in value.items() if name in mask
    }


def check_mask(mask: Mask, spec: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Raises Violation for a mask that names a field which does not exist, whatever the answer holds."""
    spec = schemas[spec["$ref"]] if "$ref" in spec else spec
    spec = spec["items"] if spec.get("type") == "array" else spec
    spec = schemas[spec["$ref"]] if "$ref" in spec else spec
    for name, inner in mask.items():
        if name not in spec.get("properties", {}):
            raise Violation(f"fields: there is no {name}")
        check_mask(inner, spec["properties"][name], schemas)
