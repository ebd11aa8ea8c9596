"""The owner's answers to notes: Sent Items by delta, so that an unchanged folder costs one request."""

import json
from datetime import datetime, timedelta

from connectors.errors import CursorExpired
from connectors.graph.errors import NotFound
from connectors.graph.message import EXPAND, SELECT, arrived_at, headers_of, text_of
from connectors.graph.survey import content_query, listed, message_path, query, utc
from connectors.graph.wire import Graph
from connectors.model import OwnerReply, RepliesDelta
from connectors.reply_text import own_words

REPLIES_SINCE = timedelta(days=30)
_PREFER = 'IdType="ImmutableId", odata.maxpagesize=100'


def owner_replies(graph: Graph, cursor: str | None, notes: frozenset[str], now: datetime) -> RepliesDelta:
    """Answers to these notes since the cursor. A link that Microsoft forgot is begun anew; nothing is told twice."""
    link, seen = _read_cursor(cursor)
    try:
        return _replies(graph, link, seen, notes, now)
    except (CursorExpired, NotFound):
        return _replies(graph, "", seen, notes, now)


def _replies(graph: Graph, link: str, seen: datetime | None, notes: frozenset[str], now: datetime) -> RepliesDelta:
    begin = query(
        "me/mailFolders/sentitems/messages/delta",
        filter=f"receivedDateTime ge {utc((seen or now) - REPLIES_SINCE)}",
        select=SELECT,
        expand=EXPAND,
    )
    newest, following, answering = seen, "", dict[str, tuple[str, datetime]]()
    for page in graph.pages("owner_replies", link or begin, {"Prefer": _PREFER}):
        following = str(page.get("@odata.deltaLink") or following)
        for item in listed(page):
            headers, at = headers_of(item), arrived_at(item)
            if "@removed" in item or at is None:
                continue
            newest = max(newest or at, at)
            named = next((n for n in (headers.in_reply_to, *reversed(headers.references)) if n in notes), "")
            again = not link and seen is not None and at <= seen
            if named and not headers.automatic and not again:
                answering[str(item.get("id"))] = named, headers.date or at
    replies = [_reply(graph, identity, *told) for identity, told in answering.items()]
    kept = json.dumps({"link": following, "seen": newest.isoformat() if newest else ""})
    return RepliesDelta(tuple(sorted(replies, key=lambda reply: reply.sent_at)), kept)


def _reply(graph: Graph, identity: str, note: str, sent_at: datetime) -> OwnerReply:
    item = graph.call("owner_replies", "GET", content_query(message_path(identity)))
    return OwnerReply(headers_of(item).message_id, note, own_words(text_of(item)), sent_at, identity)


def _read_cursor(cursor: str | None) -> tuple[str, datetime | None]:
    try:
        data = json.loads(cursor or "{}")
        seen = data.get("seen")
        return str(data.get("link") or ""), datetime.fromisoformat(seen) if seen else None
    except (ValueError, TypeError, AttributeError):
        return "", None
