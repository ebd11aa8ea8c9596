"""Who in the owner's mail bears a name: asked of the server by domain, decided here by the words of the name."""

import unicodedata
from collections.abc import Iterator, Sequence

from connectors.imap.syntax import quoted
from connectors.mime import Headers
from connectors.model import Address


def at_domains(domains: Sequence[str]) -> bytes:
    """SEARCH criteria for mail from or to these domains; empty if there is none to search for."""
    keys: list[bytes] = []
    for domain in domains:
        if domain and domain.isascii():
            keys += [b"%s %s" % (field, quoted(domain)) for field in (b"FROM", b"TO", b"CC")]
    return b"OR " * (len(keys) - 1) + b" ".join(keys) if keys else b""


def matching(headers: Headers, names: Sequence[str], domains: Sequence[str]) -> Iterator[Address]:
    """Addresses of From, To and Cc at one of the domains or below, whose shown name holds all words of a name."""
    wanted = [words for name in names if (words := _words(name))]
    for address in (headers.sender, *headers.to, *headers.cc):
        if address and _at(address.email, domains) and any(words <= _words(address.name) for words in wanted):
            yield address


def _words(name: str) -> frozenset[str]:
    plain = unicodedata.normalize("NFKD", name.casefold())
    return frozenset("".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c)).split())


def _at(email: str, domains: Sequence[str]) -> bool:
    domain = email.rpartition("@")[2]
    return any(domain == wanted or domain.endswith(f".{wanted}") for wanted in map(str.lower, domains))
