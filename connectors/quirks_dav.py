"""What CalDAV services do otherwise than the RFCs say. Each with its source; everything else follows the RFCs alone.

- iCloud: the calendar home of `caldav.icloud.com` lies on a partition host, `p67-caldav.icloud.com`, which differs by
  account (vdirsyncer issue 874; CalDAVClient issue 8). A collection lists itself among its resources, and a REPORT
  without a VEVENT filter is refused (calcurse pull request 60; vdirsyncer issue 95). One resource may hold several
  UIDs (calcurse pull request 60).
- Nextcloud: the status of a deleted resource in a sync-collection answer has been 418 instead of RFC 6578's 404
  (python-caldav issues 183 and 234). An expired token is 403 with `valid-sync-token` (owncloud/core issue 30820).
- Google: only OAuth bearer tokens; no RFC 3744, so no owner; a scheduling inbox that is always empty; after the first
  read a client must use sync-collection (developers.google.com/calendar/caldav/v2/guide).
- Fastmail: an app password; its server is Cyrus, which without an XML Content-Type answers 415 (measured, Cyrus 3.6).
- Radicale: no scheduling inbox; a token it does not know is 403 with `valid-sync-token` (measured, 3.9). It used to
  ignore time-range (vdirsyncer's manual, 'Radicale'), so what comes back may lie outside of the window.
- Xandikos: one stored resource that it cannot read makes every calendar-query over it a 500; the address of its inbox
  lacks the slash at the end (measured, 0.4.10).
- Yahoo: a 401 without WWW-Authenticate; Basic is what it means (python-caldav issue 713).
- Confluence: an href is encoded twice, %2540 (python-caldav issue 471).
"""

from typing import Final
from urllib.parse import quote, unquote

import httpx

_PARTITIONS: Final = {"caldav.icloud.com": "-caldav.icloud.com"}
_SAFE: Final = "@:!$&'()*+,;=~-._"


def is_partition(configured: httpx.URL, other: httpx.URL) -> bool:
    """Whether `other` is a partition of the very service that was configured, so that the login may go there."""
    suffix = _PARTITIONS.get(configured.host)
    return (
        suffix is not None
        and other.scheme == "https"
        and other.port in (None, 443)
        and other.host.endswith(suffix)
        and "." not in other.host.removesuffix(suffix)
    )


def is_gone(status: int) -> bool:
    """Whether the status of a member in a sync-collection answer means that it was removed."""
    return status in (404, 410, 418)


def canonical_path(raw: str) -> str:
    """One spelling for an href's path, however the server encodes it; `%2F` within a segment stays what it is."""
    text = raw.replace("%2540", "%40")
    return "/".join(quote(unquote(segment), safe=_SAFE) for segment in text.split("/"))
