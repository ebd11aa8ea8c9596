"""What each method of the API does on the fake. One function for each; they share one signature."""

import base64
from typing import TYPE_CHECKING, Any

from tests.servers.google_fake import mail as gmail
from tests.servers.google_fake.mail import Refusal

if TYPE_CHECKING:
    from tests.servers.google_fake.server import Fake


def _raw(message: dict[str, Any]) -> bytes:
    try:
        return base64.urlsafe_b64decode(message["raw"] + "=" * (-len(message["raw"]) % 4))
    except (KeyError, ValueError):
        raise Refusal(400, "invalidArgument", "'raw' RFC822 payload message string is required") from None


def _draft(fake: "Fake", draft_id: str) -> gmail.Stored:
    message = fake.mail.drafts.get(draft_id)
    if message is None:
        raise Refusal(404, "notFound", "Requested entity was not found.")
    return fake.mail.messages[message]


def _message(fake: "Fake", message_id: str) -> gmail.Stored:
    stored = fake.mail.messages.get(message_id)
    if stored is None:
        raise Refusal(404, "notFound", "Requested entity was not found.")
    return stored


def _brief(stored: gmail.Stored) -> dict[str, Any]:
    return {"id": stored.id, "threadId": stored.thread}


def _paged(items: list[Any], key: str, query: dict[str, list[str]]) -> dict[str, Any]:
    start, size = int(query.get("pageToken", ["0"])[0]), int(query.get("maxResults", ["100"])[0])
    page: dict[str, Any] = {"resultSizeEstimate": len(items)}
    if items[start : start + size]:
        page[key] = items[start : start + size]
    if len(items) > start + size:
        page["nextPageToken"] = str(start + size)
    return page


def _profile(fake: "Fake", path: dict[str, str], query: dict[str, list[str]], body: Any) -> Any:
    return {
        "emailAddress": fake.mail.address,
        "messagesTotal": len(fake.mail.messages),
        "historyId": str(fake.mail.last),
    }


def _drafts_list(fake: "Fake", path: dict[str, str], query: dict[str, list[str]], body: Any) -> Any:
    items = [
        {"id": draft, "message": _brief(fake.mail.messages[message])} for draft, message in fake.mail.drafts.items()
    ]
    return _paged(list(reversed(items)), "drafts", query)


def _drafts_get(fake: "Fake", path: dict[str, str], query: dict[str, list[str]], body: Any) -> Any:
    stored = _draft(fake, path["id"])
    return {"id": path["id"], "message": gmail.resource(stored, query.get("format", ["full"])[0], [])}


def _drafts_create(fake: "Fake", path: dict[str, str], query: dict[str, list[str]], body: Any) -> Any:
    draft = fake.mail.make_draft(_raw(body["message"]), body["message"].get("threadId", ""))
    return {"id": draft, "message": _brief(fake.mail.messages[fake.mail.drafts[draft]]) | {"labelIds": ["DRAFT"]}}


def _drafts_update(fake: "Fake", path: dict[str, str], query: dict[str, list[str]], body: Any) -> Any:
    _draft(fake, path["id"])
    fake.mail.change_draft(path["id"], _raw(body["message"]), body["message"].get("threadId", ""))
    return {"id": path["id"], "message": _brief(_draft(fake, path["id"])) | {"labelIds": ["DRAFT"]}}


def _drafts_delete(fake: "Fake", path: dict[str, str], query: dict[str, list[str]], body: Any) -> Any:
    _draft(fake, path["id"])
    fake.mail.delete_draft(path["id"])


def _messages_list(fake: "Fake", path: dict[str, str], query: dict[str, list[str]], body: Any) -> Any:
    found = fake.mail.matching(
        query.get("q", [""])[0],
        set(query.get("labelIds", ())),
        trash_too=query.get("includeSpamTrash") == ["true"],
    )
    return _paged([_brief(stored) for stored in found], "messages", query)


def _messages_get(fake: "Fake", path: dict[str, str], query: dict[str, list[str]], body: Any) -> Any:
    form = query.get("format", ["full"])[0]
    return gmail.resource(_message(fake, path["id"]), form, query.get("metadataHeaders", []))


def _messages_import(fake: "Fake", path: dict[str, str], query: dict[str, list[str]], body: Any) -> Any:
    from_date = query.get("internalDateSource") != ["receivedTime"]
    stored = fake.mail.put(_raw(body), set(body.get("labelIds", ())), from_date=from_date)
    return _brief(stored) | {"labelIds": sorted(stored.labels)}


def _history_list(fake: "Fake", path: dict[str, str], query: dict[str, list[str]], body: Any) -> Any:
    if "startHistoryId" not in query:
        raise Refusal(400, "invalidArgument", "Missing startHistoryId")
    entries = fake.mail.history_since(int(query["startHistoryId"][0]))
    history = []
    for number, kind, message, thread, labels in entries:
        shown = {"id": message, "threadId": thread, "labelIds": list(labels)}
        change = {"message": shown} | ({"labelIds": list(labels)} if kind.startswith("labels") else {})
        history.append({"id": str(number), "messages": [{"id": message, "threadId": thread}], kind: [change]})
    page = _paged(history, "history", query)
    del page["resultSizeEstimate"]
    return page | {"historyId": str(fake.mail.last)}


def _events_list(fake: "Fake", path: dict[str, str], query: dict[str, list[str]], body: Any) -> Any:
    return fake.calendars.list_events(path["calendarId"], {name: values[0] for name, values in query.items()})


def _calendar_list(fake: "Fake", path: dict[str, str], query: dict[str, list[str]], body: Any) -> Any:
    return fake.calendars.list_calendars()


HANDLERS = {
    "gmail.users.getProfile": _profile,
    "gmail.users.drafts.list": _drafts_list,
    "gmail.users.drafts.get": _drafts_get,
    "gmail.users.drafts.create": _drafts_create,
    "gmail.users.drafts.update": _drafts_update,
    "gmail.users.drafts.delete": _drafts_delete,
    "gmail.users.messages.list": _messages_list,
    "gmail.users.messages.get": _messages_get,
    "gmail.users.messages.import": _messages_import,
    "gmail.users.history.list": _history_list,
    "calendar.events.list": _events_list,
    "calendar.calendarList.list": _calendar_list,
}
