"""Names and addresses that headers show. Pure."""

import unicodedata
from collections.abc import Iterable, Sequence

from connectors.mime import Headers
from connectors.model import Address


def people_in(headers: Iterable[Headers], names: Sequence[str], domains: Sequence[str]) -> tuple[Address, ...]:
    """Addresses at these domains, or below them, whose shown name holds all words of one of these names."""
    wanted = [words for name in names if (words := _words(name))]
    found: dict[str, Address] = {}
    for each in headers:
        for address in (each.sender, *each.to, *each.cc):
            if address and _at(address.email, domains) and any(words <= _words(address.name) for words in wanted):
                found.setdefault(address.email, address)
    return tuple(found.values())


def _at(email: str, domains: Sequence[str]) -> bool:
    domain = email.rpartition("@")[2]
    return any(domain == each or domain.endswith(f".{each}") for each in domains)


def _words(name: str) -> frozenset[str]:
    plain = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return frozenset(letters.split())
