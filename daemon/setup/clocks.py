"""What time the configured servers think it is, where their protocol says so (HTTP Date, RFC 9110 section 6.6.1)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

import httpx

from config.schema import AccountConfig

SECONDS: Final = 5.0
_HOSTS: Final = {"gmail": "gmail.googleapis.com", "google": "www.googleapis.com", "graph": "graph.microsoft.com"}


def hosts_of(config: AccountConfig) -> Iterator[str]:
    """Hosts (with a port where it is not 443) that this configuration speaks https to, each once."""
    seen = set()
    for table in (config.mailbox, *config.calendars):
        host = _HOSTS.get(table.kind) or getattr(table, "server", None)
        url = getattr(table, "url", None) if table.kind == "caldav" else None
        if isinstance(url, str) and url.startswith("https://"):
            host = urlsplit(url).netloc.rpartition("@")[2]
        if host and host not in seen:
            seen.add(host)
            yield host


def server_time(host: str) -> datetime | None:
    """The server's Date in UTC; None where it gives none or cannot be reached. Sends no login and follows nothing."""
    try:
        answer = httpx.head(f"https://{host}/", timeout=SECONDS, follow_redirects=False)
        moment = parsedate_to_datetime(answer.headers["Date"])
    except (httpx.HTTPError, KeyError, ValueError, OSError):
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
