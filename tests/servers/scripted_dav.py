"""A small CalDAV server in memory, whose oddities a test chooses: those of services that cannot be run here."""

from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import unquote

from lxml import etree

from tests.servers.scripted_http import Asked, reply

HOME = "/dav/erika/"
PRINCIPAL = "/principals/erika/"
INBOX = "/dav/erika/inbox/"
_NS = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:S="http://calendarserver.org/ns/"'
_TAG = {"d": "{DAV:}", "c": "{urn:ietf:params:xml:ns:caldav}"}


@dataclass
class ScriptedDav:
    """Call it with each request. Paths of resources are decoded; each change gets a number, the sync token."""

    resources: dict[str, str] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=lambda: {"/dav/erika/jobs/": "Work"})
    sync: bool = True
    ctag: bool = True
    query: bool = True
    inbox: bool = False
    gone_status: int = 404
    lists_itself: bool = False
    page: int = 0
    """Changes in one sync answer; 0 for all."""
    poison: frozenset[str] = frozenset()
    """Resources over which the server fails with 500."""
    omitted: frozenset[str] = frozenset()
    """Resources that it leaves out of every multiget."""
    owners: dict[str, str] = field(default_factory=dict)
    window: bool = False
    """It keeps to the time-range of a query; else all resources are in every window."""
    forbidden: frozenset[str] = frozenset()
    """Calendars that it lists, and answers every report about with 403."""
    quoted: str = ""
    """Characters that it percent-encodes in hrefs."""
    log: list[tuple[int, str]] = field(default_factory=list)
    forgotten: int = 0
    """Tokens up to this one have expired."""
    counts: list[str] = field(default_factory=list)

    def put(self, path: str, data: str) -> None:
        self.resources[path] = data
        self.log.append((len(self.log) + 1, path))

    def delete(self, path: str) -> None:
        del self.resources[path]
        self.log.append((len(self.log) + 1, path))

    def __call__(self, asked: Asked, handler: BaseHTTPRequestHandler) -> None:
        path = unquote(asked.path)
        tree = etree.fromstring(asked.body)
        kind = etree.QName(tree).localname
        self.counts.append(kind)
        depth = asked.headers.get("Depth", "")
        if path in self.forbidden and kind != "propfind":
            reply(handler, "no", status=403)
        elif kind == "propfind":
            self._multistatus(handler, self._propfind(path, depth))
        elif kind == "sync-collection":
            self._sync(handler, path, tree)
        elif kind == "calendar-multiget":
            self._multiget(handler, tree)
        elif not self.query:
            reply(handler, "no such report", status=501)
        else:
            found = [p for p in sorted(self.resources) if p.startswith(path) and self._touches(p, tree)]
            own = [self._one(path, "<D:getetag>x</D:getetag>")] if self.lists_itself else []
            self._multistatus(handler, own + [self._one(p, self._etag(p)) for p in found])

    def _touches(self, path: str, tree: Any) -> bool:
        span = tree.find(f".//{_TAG['c']}time-range")
        start = self.resources[path].partition("DTSTART:")[2].partition("\r")[0]
        return not self.window or span.get("start") <= start < span.get("end")

    def _propfind(self, path: str, depth: str) -> list[str]:
        if path == HOME and depth == "1":
            answers = [self._folder(p, n) for p, n in self.folders.items()]
            return [*answers, self._folder(INBOX, "Inbox")] if self.inbox else answers
        if path in self.folders or path == INBOX:
            members = [self._one(p, self._etag(p)) for p in sorted(self.resources) if p.startswith(path)]
            return [self._folder(path, "x"), *(members if depth == "1" else [])]
        inbox = f"<C:schedule-inbox-URL><D:href>{INBOX}</D:href></C:schedule-inbox-URL>" if self.inbox else ""
        return [
            self._one(
                path,
                f"<D:current-user-principal><D:href>{PRINCIPAL}</D:href></D:current-user-principal>"
                f"<C:calendar-home-set><D:href>{HOME}</D:href></C:calendar-home-set>{inbox}",
            )
        ]

    def _folder(self, path: str, name: str) -> str:
        kind = "<C:schedule-inbox/>" if path == INBOX else "<C:calendar/>"
        marks = f"<D:sync-token>{len(self.log)}</D:sync-token>" if self.sync else ""
        marks += f"<S:getctag>{len(self.log)}</S:getctag>" if self.ctag else ""
        owner = self.owners.get(path, PRINCIPAL)
        return self._one(
            path,
            f"<D:resourcetype><D:collection/>{kind}</D:resourcetype><D:displayname>{name}</D:displayname>{marks}"
            f"<D:owner><D:href>{owner}</D:href></D:owner>",
        )

    def _sync(self, handler: BaseHTTPRequestHandler, path: str, tree: Any) -> None:
        token = int(tree.findtext(f"{_TAG['d']}sync-token") or 0)
        if token < self.forgotten:
            reply(handler, f"<D:error {_NS}><D:valid-sync-token/></D:error>", status=403, Content_Type="text/xml")
            return
        changes = [(n, p) for n, p in self.log if n > token and p.startswith(path)]
        cut = bool(self.page) and len(changes) > self.page
        changes = changes[: self.page] if cut else changes
        answers = [
            self._one(p, self._etag(p)) if p in self.resources else self._status(p, self.gone_status)
            for p in dict.fromkeys(p for _, p in changes)
        ]
        if self.lists_itself:
            answers.append(self._one(path, "<D:getetag>x</D:getetag>"))
        if cut:
            answers.append(self._status(path, 507))
        reached = changes[-1][0] if cut else len(self.log)
        self._multistatus(handler, answers, f"<D:sync-token>{reached}</D:sync-token>")

    def _multiget(self, handler: BaseHTTPRequestHandler, tree: Any) -> None:
        paths = [unquote(e.text) for e in tree.iterfind(f"{_TAG['d']}href")]
        wants_data = tree.find(f".//{_TAG['c']}calendar-data") is not None
        if wants_data and self.poison & set(paths):
            reply(handler, "oops", status=500)
            return
        answers = []
        for path in paths:
            if path in self.omitted:
                continue
            if path not in self.resources:
                answers.append(self._status(path, 404))
                continue
            text = self.resources[path].replace("&", "&amp;").replace("<", "&lt;")
            data = f"<C:calendar-data>{text}</C:calendar-data>" if wants_data else ""
            answers.append(self._one(path, self._etag(path) + data))
        self._multistatus(handler, answers)

    def _etag(self, path: str) -> str:
        return f'<D:getetag>"{abs(hash(self.resources[path]))}"</D:getetag>'

    def _href(self, path: str) -> str:
        return "".join(f"%{ord(c):02x}" if c in self.quoted else c for c in path)

    def _one(self, path: str, properties: str) -> str:
        return (
            f"<D:response><D:href>{self._href(path)}</D:href><D:propstat><D:prop>{properties}</D:prop>"
            "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
        )

    def _status(self, path: str, status: int) -> str:
        return f"<D:response><D:href>{self._href(path)}</D:href><D:status>HTTP/1.1 {status} X</D:status></D:response>"

    def _multistatus(self, handler: BaseHTTPRequestHandler, answers: list[str], more: str = "") -> None:
        body = f'<?xml version="1.0"?><D:multistatus {_NS}>{"".join(answers)}{more}</D:multistatus>'
        reply(handler, body, status=207, Content_Type="text/html")
