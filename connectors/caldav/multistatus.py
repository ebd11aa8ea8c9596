"""Reading a 207 Multi-Status (RFC 4918 section 13) leniently: what one member lacks harms no other."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from connectors.caldav.questions import DAV
from connectors.errors import ProtocolViolation
from connectors.quirks_dav import canonical_path

_STATUS = re.compile(r"\s*HTTP/\S+\s+(\d{3})")


@dataclass(frozen=True, slots=True)
class Member:
    """One response element. Only properties with a status of success are kept."""

    href: str
    """As the server wrote it."""
    path: str
    """In one spelling: its identity on the server."""
    status: int
    properties: dict[str, Any]
    """By Clark name ({namespace}tag); the values are lxml elements."""

    def text(self, name: str) -> str:
        """The text of a property, or empty."""
        element = self.properties.get(name)
        return "" if element is None else (element.text or "").strip()

    def children(self, name: str) -> frozenset[str]:
        """Clark names of the elements in a property."""
        element = self.properties.get(name)
        return frozenset() if element is None else frozenset(e.tag for e in element if isinstance(e.tag, str))

    def hrefs(self, name: str) -> tuple[str, ...]:
        """Texts of the href elements in a property."""
        element = self.properties.get(name)
        found = () if element is None else element.iterfind(f"{{{DAV}}}href")
        return tuple(href.text.strip() for href in found if href.text and href.text.strip())


@dataclass(frozen=True, slots=True)
class MultiStatus:
    """The answer as a whole."""

    members: tuple[Member, ...]
    url: httpx.URL
    """Where it came from, after redirects."""
    sync_token: str = ""
    truncated: bool = False
    """The server gave only part of the changes, up to `sync_token` (RFC 6578 section 3.6)."""


def read(tree: Any, asked: httpx.URL) -> MultiStatus:
    """Raises ProtocolViolation if it is no multistatus."""
    if tree is None or tree.tag != f"{{{DAV}}}multistatus":
        msg = "the answer is no WebDAV multistatus"
        raise ProtocolViolation(msg, remedy="check `url`: is this the CalDAV address?")
    token = (tree.findtext(f"{{{DAV}}}sync-token") or "").strip()
    members = tuple(_members(tree, asked))
    here = canonical_path(asked.raw_path.decode("ascii").partition("?")[0])
    truncated = any(m.status == 507 and m.path.rstrip("/") == here.rstrip("/") for m in members)
    return MultiStatus(tuple(m for m in members if m.status != 507), asked, token, truncated)


def _members(tree: Any, asked: httpx.URL) -> Iterator[Member]:
    for response in tree.iterfind(f"{{{DAV}}}response"):
        overall = _status(response.findtext(f"{{{DAV}}}status"))
        properties: dict[str, Any] = {}
        failed = 0
        for propstat in response.iterfind(f"{{{DAV}}}propstat"):
            status = _status(propstat.findtext(f"{{{DAV}}}status")) or 200
            if not 200 <= status < 300:
                failed = failed or status
                continue
            for prop in propstat.iterfind(f"{{{DAV}}}prop"):
                properties.update((e.tag, e) for e in prop if isinstance(e.tag, str))
        for href in response.iterfind(f"{{{DAV}}}href"):
            text = (href.text or "").strip()
            try:
                path = asked.join(text).raw_path.decode("ascii").partition("?")[0]
            except (httpx.InvalidURL, ValueError):
                continue
            if text:
                yield Member(
                    text, canonical_path(path), overall or (200 if properties or not failed else failed), properties
                )


def _status(line: str | None) -> int:
    found = _STATUS.match(line or "")
    return int(found.group(1)) if found else 0
