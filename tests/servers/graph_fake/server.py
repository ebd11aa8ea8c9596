"""The fake over HTTP on loopback: OData options, delta, $batch, throttling. What it does not know it refuses."""

import json
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from connectors.graph.message import canonical_property
from tests.servers.graph_fake.store import FOLDERS, Conflict, Gone, Json, Store

_SENDING = re.compile(r"send|(?<!create)reply|(?<!create)forward", re.IGNORECASE)
MESSAGE = frozenset((
    "id", "changeKey", "createdDateTime", "lastModifiedDateTime", "receivedDateTime", "sentDateTime",
    "hasAttachments", "internetMessageId", "internetMessageHeaders", "subject", "body", "parentFolderId", "sender",
    "from", "toRecipients", "ccRecipients", "bccRecipients", "isRead", "isDraft", "flag", "conversationId",
    "singleValueExtendedProperties",
))  # fmt: skip
_READ_ONLY = frozenset(("id", "changeKey", "parentFolderId", "isDraft", "createdDateTime", "conversationId"))


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, code: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.status, self.code, self.headers = status, code, dict(headers or {})


@dataclass
class Asked:
    """One request as it came in; those within a batch are told one by one."""

    method: str
    path: str
    options: dict[str, str]
    body: Any
    headers: dict[str, str]
    in_batch: bool = False


@dataclass
class GraphFake:
    """The running server."""

    store: Store = field(default_factory=Store)
    asked: list[Asked] = field(default_factory=list)
    exchanged: list[tuple[str, str, Json]] = field(default_factory=list)
    """request or answer, entity type, content: for the schema."""
    faults: deque[tuple[int, str, dict[str, str]]] = field(default_factory=deque)
    """Answers to the next requests instead of the right ones; those within a batch included."""
    raw: Callable[[BaseHTTPRequestHandler], bool] | None = None
    """A test's own answer; False to go on as usual."""
    allowed: Callable[[str], bool] = lambda token: token == "token"
    page: int = 0
    """At most so many members in a page; 0 for as many as are asked for."""
    keeps_message_id: bool = True
    """False: POST gives a Message-ID of the server's own; only PATCH can change it."""
    honours_reply_message: bool = True
    overlooks_filters: bool = False
    """As an emulator does: a filter that it does not understand lets everything through."""
    port: int = 0
    http_requests: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1.0/"

    def answer(self, asked: Asked) -> tuple[int, dict[str, str], Json | None]:
        self.asked.append(asked)
        try:
            if self.faults:
                status, code, headers = self.faults.popleft()
                if status:
                    return status, headers, {"error": {"code": code, "message": "as the test wishes"}}
            with self.store.lock:
                return self._route(asked)
        except Refused as error:
            return error.status, error.headers, {"error": {"code": error.code, "message": "as the test wishes"}}
        except Gone:
            return 404, {}, {"error": {"code": "ErrorItemNotFound", "message": "not found"}}
        except Conflict:
            return 412, {}, {"error": {"code": "ErrorIrresolvableConflict", "message": "changed"}}

    def _route(self, asked: Asked) -> tuple[int, dict[str, str], Json | None]:  # noqa: PLR0911 (a table of paths)
        if _SENDING.search(asked.path):
            raise AssertionError(f"a request that sends: {asked.path}")
        steps = [unquote(step) for step in asked.path.strip("/").split("/")]
        match (asked.method, *steps):
            case ("POST", "$batch"):
                return 200, {}, self._batch(asked)
            case ("GET", "me", "messages"):
                return 200, {}, self._messages(asked, list(self.store.messages.values()))
            case ("GET", "me", "messages", identity):
                return 200, {}, self._shown(asked, self.store.found(identity))
            case ("POST", "me", "messages"):
                return 201, {}, self._post(asked, "drafts")
            case ("POST", "me", "mailFolders", folder, "messages"):
                return 201, {}, self._post(asked, self._folder(folder))
            case ("POST", "me", "messages", identity, "createReply"):
                return 201, {}, self._create_reply(asked, identity)
            case ("PATCH", "me", "messages", identity):
                self._check(asked.body)
                return 200, {}, self._shown(asked, self.store.patch(identity, asked.body, _if_match(asked)))
            case ("DELETE", "me", "messages", identity):
                self.store.delete(identity, _if_match(asked))
                return 204, {}, None
            case ("GET", "me", "mailFolders", folder):
                return 200, {}, self._mail_folder(asked, self._folder(folder))
            case ("GET", "me", "mailFolders", folder, "messages"):
                return 200, {}, self._messages(asked, self.store.within(self._folder(folder)))
            case ("GET", "me", "mailFolders", folder, "messages", "delta"):
                return 200, {}, self._message_delta(asked, self._folder(folder))
            case ("GET", "me", "calendarView", "delta"):
                return 200, {}, self._event_delta(asked, "cal-0")
            case ("GET", "me", "calendars", calendar, "calendarView", "delta"):
                if calendar not in self.store.calendars:
                    raise Gone
                return 200, {}, self._event_delta(asked, calendar)
            case ("GET", "me", "calendars"):
                named = [{"id": key, "name": name} for key, name in self.store.calendars.items()]
                return 200, {}, {"value": named}
            case ("GET", "me", "calendar"):
                return 200, {}, {"id": "cal-0", "name": self.store.calendars["cal-0"]}
            case ("GET", "me", "events", identity):
                if identity not in self.store.events:
                    raise Gone
                return 200, {}, self._event(self.store.events[identity])
        raise Refused(400, "BadRequest")

    def _folder(self, name: str) -> str:
        plain = name.lower().removeprefix("folder-")
        if plain not in FOLDERS:
            raise Gone
        return plain

    def _batch(self, asked: Asked) -> Json:
        if len(asked.body["requests"]) > 20:
            raise Refused(400, "MaximumBatchSizeExceeded")
        answers: list[Json] = []
        statuses: dict[str, int] = {}
        for one in asked.body["requests"]:
            if any(statuses[before] >= 400 for before in one.get("dependsOn", [])):
                status, headers, content = 424, {}, {"error": {"code": "FailedDependency", "message": ""}}
            else:
                status, headers, content = self.answer(
                    _asked(one["method"], one["url"], one.get("body"), one.get("headers", {}), in_batch=True)
                )
            statuses[one["id"]] = status
            answers.append({"id": one["id"], "status": status, "headers": headers, "body": content})
        return {"responses": list(reversed(answers))}

    def _post(self, asked: Asked, folder: str) -> Json:
        self._check(asked.body)
        given = dict(asked.body)
        if not self.keeps_message_id:
            given.pop("internetMessageId", None)
        return self._shown(asked, self.store.put(folder, given))

    def _create_reply(self, asked: Asked, identity: str) -> Json:
        parent = self.store.found(identity)
        given = dict(asked.body.get("message", {})) if self.honours_reply_message else {}
        self._check(given)
        given.pop("singleValueExtendedProperties", None)
        given.pop("internetMessageId", None)
        made = self.store.put(
            "drafts", {"subject": f"RE: {parent['subject']}", "toRecipients": [parent.get("from")], **given}
        )
        made["conversationId"] = parent["conversationId"]
        return self._shown(asked, made)

    def _check(self, body: Json) -> None:
        unknown = set(body) - (MESSAGE - _READ_ONLY)
        if unknown:
            raise Refused(400, "RequestBodyRead")
        for each in body.get("internetMessageHeaders", []):
            if not each["name"].lower().startswith("x-"):
                raise Refused(400, "InvalidInternetMessageHeader")
        self.exchanged.append(("request", "message", deepcopy(body)))

    def _mail_folder(self, asked: Asked, folder: str) -> Json:
        whole = {
            "id": self.store.folder_id(folder),
            "displayName": folder.capitalize(),
            "totalItemCount": len(self.store.within(folder)),
        }
        wanted = asked.options.get("$select", "").split(",") if asked.options.get("$select") else list(whole)
        chosen = {key: value for key, value in whole.items() if key in wanted}
        self.exchanged.append(("answer", "mailFolder", chosen))
        return chosen

    def _messages(self, asked: Asked, among: list[Json]) -> Json:
        clause = "" if self.overlooks_filters else asked.options.get("$filter", "")
        chosen = [m for m in among if _filtered(clause, m)]
        if search := asked.options.get("$search"):
            word = search.strip('"').removeprefix("participants:").lower()
            chosen = [
                m for m in chosen if word in json.dumps([m.get("from"), m["toRecipients"], m["ccRecipients"]]).lower()
            ]
        chosen.sort(key=lambda m: m["receivedDateTime"], reverse=True)
        skip = int(asked.options.get("$skip", "0"))
        size = min(int(asked.options.get("$top", "10")), self.page or 1000)
        page: Json = {"value": [self._shown(asked, m) for m in chosen[skip : skip + size]]}
        if len(chosen) > skip + size:
            page["@odata.nextLink"] = self._link(asked, {**asked.options, "$skip": str(skip + size)})
        return page

    def _message_delta(self, asked: Asked, folder: str) -> Json:
        options = asked.options
        state = json.loads(options.get("$deltatoken") or options.get("$skiptoken") or "{}")
        after, skip = int(state.get("after", 0)), int(state.get("skip", 0))
        if options.get("$deltatoken") and (after < self.store.forgotten or state.get("epoch") != self.store.epoch):
            raise Refused(410, "syncStateNotFound")
        told = state.get("options") or {k: v for k, v in options.items() if k in ("$filter", "$select", "$expand")}
        asked = Asked(asked.method, asked.path, told, None, asked.headers)
        changed = [m for m in self.store.within(folder) if self.store.stamps[m["id"]] > after]
        members: list[Any] = [m for m in changed if _filtered(told.get("$filter", ""), m)]
        here = self.store.folder_id(folder)
        gone = {i for n, where, i in self.store.removed if n > after and where == here and after}
        members += [{"id": i, "@removed": {"reason": "deleted"}} for i in sorted(gone - {m["id"] for m in changed})]
        return self._delta_page(asked, members, after, skip, told)

    def _delta_page(self, asked: Asked, members: list[Json], after: int, skip: int, told: Json) -> Json:
        size = min(_page_size(asked.headers.get("prefer", "")), self.page or 1000)
        page: Json = {"value": [self._as_told(asked, each) for each in members[skip : skip + size]]}
        base = {"options": told, "epoch": self.store.epoch}
        if len(members) > skip + size:
            token = {"$skiptoken": json.dumps({**base, "after": after, "skip": skip + size})}
            page["@odata.nextLink"] = self._link(asked, token)
        else:
            page["@odata.deltaLink"] = self._link(
                asked, {"$deltatoken": json.dumps({**base, "after": self.store.mark()})}
            )
        return page

    def _as_told(self, asked: Asked, each: Json) -> Json:
        if "@removed" in each:
            return each
        return self._event(each) if "_calendar" in each else self._shown(asked, each)

    def _event_delta(self, asked: Asked, calendar: str) -> Json:
        options = asked.options
        if set(options) & {"$select", "$filter", "$expand"}:
            raise Refused(400, "ErrorInvalidUrlQuery")
        token = options.get("$deltatoken") or options.get("$skiptoken")
        state = json.loads(token or "{}")
        told = state.get("options") or {k: options[k] for k in ("startDateTime", "endDateTime")}
        after, skip = int(state.get("after", 0)), int(state.get("skip", 0))
        if options.get("$deltatoken") and (after < self.store.forgotten or state.get("epoch") != self.store.epoch):
            raise Refused(410, "syncStateNotFound")
        start, end = (datetime.fromisoformat(told[k]).astimezone(UTC) for k in ("startDateTime", "endDateTime"))
        mine = [e for e in self.store.events.values() if e["_calendar"] == calendar]
        inside = [e for e in mine if e["type"] == "seriesMaster" or (_at(e["start"]) < end and _at(e["end"]) > start)]
        changed = [e for e in inside if self.store.stamps[e["id"]] > after]
        members: list[Any] = list(changed)
        outside = {e["id"] for e in mine if e not in inside and self.store.stamps[e["id"]] > after and after}
        gone = {i for n, where, i in self.store.removed if n > after and where == calendar and after}
        members += [
            {"id": i, "@removed": {"reason": "deleted"}} for i in sorted((gone | outside) - {e["id"] for e in changed})
        ]
        return self._delta_page(asked, members, after, skip, told)

    def _event(self, event: Json) -> Json:
        shown = {key: value for key, value in event.items() if not key.startswith("_")}
        if event["type"] == "occurrence":
            few = ("id", "type", "seriesMasterId", "start", "end", "@odata.etag", "originalStart")
            shown = {key: shown[key] for key in few if key in shown}
        self.exchanged.append(("answer", "event", shown))
        return shown

    def _shown(self, asked: Asked, message: Json) -> Json:
        wanted = asked.options.get("$select", "").split(",") if asked.options.get("$select") else sorted(MESSAGE)
        if unknown := set(wanted) - MESSAGE:
            raise Refused(400, f"unknown property {unknown}")
        shown = {key: deepcopy(message[key]) for key in wanted if message.get(key) is not None}
        shown["@odata.etag"] = message["@odata.etag"]
        shown["id"] = message["id"]
        if "ImmutableId" not in asked.headers.get("prefer", ""):
            shown["id"] = f"mutable-{message['parentFolderId']}-{message['id']}"
        shown.pop("singleValueExtendedProperties", None)
        expand = asked.options.get("$expand", "")
        if expand:
            names = {canonical_property(name) for name in re.findall(r"id eq '([^']*)'", expand)}
            shown["singleValueExtendedProperties"] = [
                deepcopy(each) for each in message["singleValueExtendedProperties"] if each["id"] in names
            ]
        self.exchanged.append(("answer", "message", shown))
        return shown

    def _link(self, asked: Asked, options: Mapping[str, str]) -> str:
        return f"{self.url}{asked.path.strip('/')}?" + "&".join(f"{k}={quote(v)}" for k, v in options.items())


def _page_size(prefer: str) -> int:
    found = re.search(r"odata\.maxpagesize=(\d+)", prefer)
    return int(found.group(1)) if found else 10


def _at(moment: Json) -> datetime:
    return datetime.fromisoformat(moment["dateTime"][:19]).replace(tzinfo=UTC)


def _if_match(asked: Asked) -> str | None:
    return asked.headers.get("if-match")


_LITERAL = r"'((?:[^']|'')*)'"
_CLAUSES = (
    (re.compile(rf"internetMessageId eq {_LITERAL}"), lambda m, v: m["internetMessageId"] == v),
    (re.compile(rf"conversationId eq {_LITERAL}"), lambda m, v: m["conversationId"] == v),
    (re.compile(r"receivedDateTime ge (\S+)"), lambda m, v: m["receivedDateTime"] >= v),
)
_ANY = re.compile(rf"singleValueExtendedProperties/any\(ep: ep/id eq {_LITERAL} and ep/value eq {_LITERAL}\)")


def _filtered(clause: str, message: Json) -> bool:
    if not clause:
        return True
    for pattern, test in _CLAUSES:
        if found := pattern.fullmatch(clause):
            return bool(test(message, found.group(1).replace("''", "'")))
    if found := _ANY.fullmatch(clause):
        name, value = (part.replace("''", "'") for part in found.groups())
        own = {each["id"]: each["value"] for each in message["singleValueExtendedProperties"]}
        return own.get(canonical_property(name)) == value
    raise Refused(400, "ErrorInvalidUrlQueryFilter")


def _asked(method: str, url: str, body: Any, headers: Mapping[str, str], *, in_batch: bool = False) -> Asked:
    parts = urlsplit(url)
    options = {key: values[0] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
    lowered = {key.lower(): value for key, value in headers.items()}
    return Asked(method, parts.path.removeprefix("/v1.0"), options, body, lowered, in_batch)


@contextmanager
def graph_fake() -> Iterator[GraphFake]:
    """Run one on a free port until the block ends."""
    fake = GraphFake()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle_any(self) -> None:
            fake.http_requests += 1
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if fake.raw is not None and fake.raw(self):
                return
            if not fake.allowed(self.headers.get("Authorization", "").removeprefix("Bearer ")):
                self._reply(401, {}, {"error": {"code": "InvalidAuthenticationToken", "message": ""}})
                return
            body = json.loads(raw) if raw else None
            self._reply(*fake.answer(_asked(self.command, self.path, body, dict(self.headers.items()))))

        def _reply(self, status: int, headers: Mapping[str, str], content: Json | None) -> None:
            body = json.dumps(content).encode() if content is not None else b""
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name in the standard library)
            return

    for method in ("GET", "POST", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.handle_any)

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            return  # a client that hung up on purpose

    with Server(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        http.block_on_close = False
        fake.port = http.server_address[1]
        thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield fake
        finally:
            http.shutdown()
            thread.join()
