"""The fake over HTTP: the few operations that are used, each answer built as the schema has it."""

import base64
import json
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from lxml import etree

from connectors.mime import read_headers
from tests.servers.ews_fake.shapes import M, S, T, shown, t
from tests.servers.ews_fake.store import FOLDERS, Gone, Item, Store

NS = {"t": T, "m": M, "s": S}
USER, PASSWORD = "sam", "s3cret-word"


BUSY = (
    f'<s:Envelope xmlns:s="{S}"><s:Body><s:Fault><faultcode>s:Server</faultcode><faultstring>busy</faultstring>'
    '<detail><e:ResponseCode xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors">ErrorServerBusy'
    '</e:ResponseCode><e:Message xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors">busy</e:Message>'
    f'<t:MessageXml xmlns:t="{T}"><t:Value Name="BackOffMilliseconds">7000</t:Value></t:MessageXml></detail>'
    "</s:Fault></s:Body></s:Envelope>"
).encode()
"""How Exchange throttles: no response message but a fault."""


@dataclass
class EwsFake:
    """The running server. `odd` makes it behave as a third-party server was seen to."""

    store: Store = field(default_factory=Store)
    odd: bool = False
    asked: list[str] = field(default_factory=list)
    """Names of the operations, in order."""
    exchanged: list[tuple[str, bytes]] = field(default_factory=list)
    """request or answer, and the whole envelope."""
    faults: deque[str] = field(default_factory=deque)
    """Error codes for the next requests; an empty one lets a request through."""
    raw: Callable[[BaseHTTPRequestHandler], bool] | None = None
    down: bool = False
    calendars: dict[str, str] = field(default_factory=dict)
    """Further calendars: folder -> name."""
    port: int = 0
    requests: int = 0
    sent: int = 0
    received: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/EWS/Exchange.asmx"

    def answer(self, envelope: bytes) -> bytes:
        self.exchanged.append(("request", envelope))
        root = etree.fromstring(envelope)
        [operation] = root.find("s:Body", NS)
        name = etree.QName(operation).localname
        self.asked.append(name)
        with self.store.lock:
            code = self.faults.popleft() if self.faults else ""
            if code == "ErrorServerBusy":
                return BUSY
            messages = [_failed(name, code)] if code else getattr(self, f"_{_snake(name)}")(operation)
        return self._wrapped(name, messages)

    def _wrapped(self, name: str, messages: list[Any]) -> bytes:
        response = etree.Element(f"{{{M}}}{name}Response", nsmap={"m": M, "t": T})
        etree.SubElement(response, f"{{{M}}}ResponseMessages").extend(messages)
        envelope = etree.Element(f"{{{S}}}Envelope", nsmap={"s": S})
        header = etree.SubElement(envelope, f"{{{S}}}Header")
        header.append(
            t(
                "ServerVersionInfo",
                MajorVersion="15",
                MinorVersion="0",
                MajorBuildNumber="847",
                MinorBuildNumber="4040",
                Version="V2_8",
            )
        )
        etree.SubElement(envelope, f"{{{S}}}Body").append(response)
        answer = bytes(etree.tostring(envelope, xml_declaration=True, encoding="utf-8"))
        self.exchanged.append(("answer", answer))
        return answer

    def _get_folder(self, operation: Any) -> list[Any]:
        answers = []
        for each in operation.find("m:FolderIds", NS):
            try:
                answers.append(_message("GetFolder", _in("Folders", self._folder(self._folder_name(each)))))
            except Gone:
                answers.append(_failed("GetFolder", "ErrorFolderNotFound"))
        return answers

    def _find_folder(self, operation: Any) -> list[Any]:
        folders = [self._folder(name) for name in (*FOLDERS[2:], *self.calendars)]
        root = etree.Element(
            f"{{{M}}}RootFolder",
            TotalItemsInView=str(len(folders)),
            IncludesLastItemInRange="true",
            IndexedPagingOffset=str(len(folders)),
        )
        root.append(t("Folders", *folders))
        return [_message("FindFolder", root)]

    def _folder(self, name: str) -> Any:
        calendar = name == "calendar" or name in self.calendars
        names = {"sentitems": "Sent Items", "deleteditems": "Deleted Items", "msgfolderroot": "Top"}
        shown_name = self.calendars.get(name) or names.get(name) or name.capitalize()
        parent = "root" if name in ("root", "msgfolderroot") else "msgfolderroot"
        return t(
            "CalendarFolder" if calendar else "Folder",
            t("FolderId", Id=_folder_id(name), ChangeKey="AQ=="),
            t("ParentFolderId", Id=_folder_id(parent), ChangeKey="AQ=="),
            t("FolderClass", "IPF.Appointment" if calendar else "IPF.Note"),
            t("DisplayName", shown_name),
            t("TotalCount", str(len(self.store.within(name)))),
            t("ChildFolderCount", "6" if name == "msgfolderroot" else "0"),
        )

    def _folder_name(self, element: Any) -> str:
        name = element.get("Id")
        if etree.QName(element).localname == "FolderId":
            name = base64.b64decode(name).decode().removeprefix("folder-")
        if name not in FOLDERS and name not in self.calendars:
            raise Gone
        return str(name)

    def _find_item(self, operation: Any) -> list[Any]:
        [folder] = operation.find("m:ParentFolderIds", NS)
        listed = self.store.within(self._folder_name(folder))
        if operation.find("m:SortOrder", NS) is not None and not self.odd:
            listed.sort(key=lambda item: item.at, reverse=True)
        view = operation.find("m:IndexedPageItemView", NS)
        start, most = int(view.get("Offset")), int(view.get("MaxEntriesReturned"))
        page = listed[start : start + most]
        last = start + most >= len(listed)
        root = etree.Element(
            f"{{{M}}}RootFolder",
            IndexedPagingOffset=str(start + len(page)),
            TotalItemsInView=str(len(listed)),
            IncludesLastItemInRange="true" if last else "false",
        )
        root.append(t("Items", *(shown(item, _wanted(operation), odd=self.odd) for item in page)))
        return [_message("FindItem", root)]

    def _get_item(self, operation: Any) -> list[Any]:
        answers = []
        for each in operation.find("m:ItemIds", NS):
            try:
                item = self.store.found(each.get("Id"))
                wanted = _wanted(operation)
                if item.broken:
                    answers.append(_failed("GetItem", item.broken))
                elif item.without_mime and not self.odd and "item:MimeContent" in wanted:
                    answers.append(_failed("GetItem", "ErrorMimeContentConversionFailed"))
                else:
                    answers.append(_message("GetItem", _in("Items", shown(item, wanted, odd=self.odd))))
            except Gone:
                answers.append(_failed("GetItem", "ErrorItemNotFound"))
        return answers

    def _create_item(self, operation: Any) -> list[Any]:
        if operation.get("MessageDisposition") != "SaveOnly":
            raise AssertionError("a request that sends")
        [target] = operation.find("m:SavedItemFolderId", NS)
        answers = []
        for each in operation.find("m:Items", NS):
            if etree.QName(each).localname != "Message":
                raise AssertionError("only messages are ever made")
            mime = base64.b64decode(each.findtext("t:MimeContent", namespaces=NS))
            sender, own = read_headers(mime).sender, target.findtext("t:Mailbox/t:EmailAddress", namespaces=NS)
            if self.odd and sender is not None and own and sender.email != own:
                answers.append(_failed("CreateItem", "ErrorAccessDenied"))
                continue
            properties = {}
            for own in each.findall("t:ExtendedProperty", NS):
                properties[_uri(own.find("t:ExtendedFieldURI", NS))] = own.findtext("t:Value", namespaces=NS)
            read = each.findtext("t:IsRead", namespaces=NS) == "true"
            item = self.store.put(self._folder_name(target), mime, properties=properties, is_read=read)
            made = t("Message", t("ItemId", Id=item.id, ChangeKey=item.changekey))
            answers.append(_message("CreateItem", _in("Items", made)))
        return answers

    def _delete_item(self, operation: Any) -> list[Any]:
        answers = []
        for each in operation.find("m:ItemIds", NS):
            try:
                if operation.get("DeleteType") == "MoveToDeletedItems":
                    self.store.move(each.get("Id"), "deleteditems")
                else:
                    self.store.take(each.get("Id"))
                answers.append(_message("DeleteItem"))
            except Gone:
                answers.append(_failed("DeleteItem", "ErrorItemNotFound"))
        return answers

    def _sync_folder_items(self, operation: Any) -> list[Any]:
        [target] = operation.find("m:SyncFolderId", NS)
        name = self._folder_name(target)
        state = operation.findtext("m:SyncState", namespaces=NS) or ""
        try:
            after = int(json.loads(base64.b64decode(state))["after"]) if state else 0
        except (ValueError, KeyError, TypeError):
            if not self.odd:
                return [_failed("SyncFolderItems", "ErrorInvalidSyncStateData", state=True)]
            after = 0
        most = int(operation.findtext("m:MaxChangesReturned", namespaces=NS))
        live = [(item.number, "Update" if after else "Create", item) for item in self.store.within(name)]
        dead = [
            (number, "Delete", identity) for number, folder, identity in self.store.gone if folder == name and after
        ]
        changes = sorted((each for each in (*live, *dead) if each[0] > after), key=lambda each: each[0])
        page = changes[:most]
        complete = len(page) == len(changes)
        upto = self.store.last if complete else page[-1][0]
        token = base64.b64encode(json.dumps({"after": upto}).encode()).decode()
        listed = [self._change(kind, thing, _wanted(operation)) for _, kind, thing in page]
        message = _message("SyncFolderItems")
        etree.SubElement(message, f"{{{M}}}SyncState").text = token
        etree.SubElement(message, f"{{{M}}}IncludesLastItemInRange").text = "true" if complete else "false"
        etree.SubElement(message, f"{{{M}}}Changes").extend(listed)
        return [message]

    def _change(self, kind: str, thing: Item | str, wanted: set[str]) -> Any:
        if isinstance(thing, str):
            return t("Delete", t("ItemId", Id=thing, ChangeKey="AQ=="))
        return t(kind, shown(thing, wanted, odd=self.odd))


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _folder_id(name: str) -> str:
    return base64.b64encode(f"folder-{name}".encode()).decode()


def _in(name: str, *children: Any) -> Any:
    element = etree.Element(f"{{{M}}}{name}")
    element.extend(children)
    return element


def _message(name: str, *children: Any) -> Any:
    element = etree.Element(f"{{{M}}}{name}ResponseMessage", ResponseClass="Success")
    etree.SubElement(element, f"{{{M}}}ResponseCode").text = "NoError"
    element.extend(children)
    return element


def _failed(name: str, code: str, *, state: bool = False) -> Any:
    element = etree.Element(f"{{{M}}}{name}ResponseMessage", ResponseClass="Error")
    etree.SubElement(element, f"{{{M}}}MessageText").text = "as the test wishes"
    etree.SubElement(element, f"{{{M}}}ResponseCode").text = code
    etree.SubElement(element, f"{{{M}}}DescriptiveLinkKey").text = "0"
    if state:
        etree.SubElement(element, f"{{{M}}}SyncState")
        etree.SubElement(element, f"{{{M}}}IncludesLastItemInRange").text = "true"
    return element


def _wanted(operation: Any) -> set[str]:
    found = {each.get("FieldURI") for each in operation.iter(f"{{{T}}}FieldURI")}
    found |= {_uri(each) for each in operation.iter(f"{{{T}}}ExtendedFieldURI")}
    if any(each.text == "true" for each in operation.iter(f"{{{T}}}IncludeMimeContent")):
        found.add("item:MimeContent")
    return found


def _uri(element: Any) -> str:
    if tag := element.get("PropertyTag"):
        return f"tag:{int(tag, 16):#x}"
    if place := element.get("DistinguishedPropertySetId"):
        return f"lid:{place}/{int(element.get('PropertyId')):#x}"
    return f"named:{element.get('PropertySetId').lower()}/{element.get('PropertyName')}"


@contextmanager
def ews_fake(*, odd: bool = False) -> Iterator[EwsFake]:
    """Run one on a free port until the block ends."""
    fake = EwsFake(odd=odd)
    basic = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            fake.requests += 1
            envelope = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fake.sent += len(envelope)
            if fake.raw is not None and fake.raw(self):
                return
            if fake.down:
                self._reply(503, b"<html>down</html>", "text/html")
            elif self.headers.get("Authorization") != basic:
                self._reply(401, b"", "text/html")
            else:
                answer = fake.answer(envelope)
                self._reply(500 if answer is BUSY else 200, answer, "text/xml; charset=utf-8")

        def _reply(self, status: int, body: bytes, kind: str) -> None:
            fake.received += len(body)
            self.send_response(status)
            if status == 401:
                self.send_header("WWW-Authenticate", 'Basic realm="ews"')
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name in the standard library)
            return

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
