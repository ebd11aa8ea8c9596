"""The ladder of evidence (docs/design.md): what messages seen in the owner's folders say about a follow-up. Pure.

A connector lists candidates with what it knows of them and calls `weigh` for each probe. Whatever a connector can
rule out on the server need not be listed; listing more than needed is never wrong.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from connectors.mime import Headers
from connectors.model import Heard, Observation, Place, Probe, Rung, Sighting

_PUBLIC = (
    "gmail.com googlemail.com outlook.com outlook.de outlook.fr hotmail.com hotmail.co.uk hotmail.de hotmail.fr "
    "hotmail.it hotmail.es live.com live.co.uk live.fr live.de live.nl msn.com yahoo.com yahoo.co.uk yahoo.de yahoo.fr "
    "yahoo.it yahoo.es yahoo.co.jp yahoo.com.br yahoo.co.in ymail.com rocketmail.com aol.com icloud.com me.com mac.com "
    "proton.me protonmail.com protonmail.ch pm.me gmx.de gmx.net gmx.com gmx.at gmx.ch web.de t-online.de freenet.de "
    "posteo.de posteo.net mailbox.org tutanota.com tutanota.de tuta.com tuta.io fastmail.com fastmail.fm hey.com "
    "zoho.com zohomail.com zohomail.eu mail.com email.com yandex.ru yandex.com ya.ru mail.ru bk.ru list.ru inbox.ru "
    "rambler.ru ukr.net seznam.cz email.cz centrum.cz wp.pl o2.pl onet.pl interia.pl op.pl libero.it virgilio.it "
    "alice.it tiscali.it tin.it orange.fr wanadoo.fr free.fr laposte.net sfr.fr bbox.fr ziggo.nl kpnmail.nl xs4all.nl "
    "telenet.be skynet.be bluewin.ch sapo.pt uol.com.br bol.com.br terra.com.br qq.com 163.com 126.com yeah.net "
    "sina.com sohu.com foxmail.com aliyun.com naver.com daum.net hanmail.net kakao.com docomo.ne.jp ezweb.ne.jp "
    "softbank.ne.jp nifty.com btinternet.com sky.com virginmedia.com ntlworld.com comcast.net verizon.net att.net "
    "sbcglobal.net bellsouth.net cox.net charter.net earthlink.net shaw.ca rogers.com sympatico.ca bigpond.com "
    "optusnet.com.au rediffmail.com riseup.net disroot.org duck.com mozmail.com privaterelay.appleid.com"
)
PUBLIC_MAIL_DOMAINS = frozenset(_PUBLIC.split())
"""Domains at which anybody may have an address: sharing one makes nobody a colleague."""

_OWN_PLACES = (Place.SENT, Place.QUEUE, Place.DRAFTS)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One message in one folder, as far as the connector has read it."""

    place: Place
    headers: Headers
    locator: str
    """The connector's own mark of where it lies; equals `DraftRef.locator` only for the very same stored message."""
    at: datetime | None = None
    """When it arrived there (INTERNALDATE, file time), UTC."""
    fingerprint: str = ""
    """`mime.fingerprint`; empty where the content was not read."""
    flagged_deleted: bool = False
    text: str = ""
    """`mime.text_of` a draft, where it was read."""


def weigh(probe: Probe, candidates: Iterable[Candidate], owners: frozenset[str] = frozenset()) -> Observation:
    """All sightings for one probe, each by its strongest rung, and who wrote to the owner since the interview.

    `owners` are the owner's canonical addresses: their own mail in the inbox is nobody's answer.
    """
    sightings: list[Sighting] = []
    heard: list[Heard] = []
    for candidate in candidates:
        rung = rung_of(probe, candidate, owners)
        if rung is not None:
            sightings.append(
                Sighting(
                    place=candidate.place,
                    rung=rung,
                    locator=candidate.locator,
                    message_id=candidate.headers.message_id,
                    fingerprint=candidate.fingerprint,
                    at=candidate.at or candidate.headers.date,
                    flagged_deleted=candidate.flagged_deleted,
                    subject=candidate.headers.subject if candidate.place is Place.DRAFTS else "",
                    text=candidate.text if candidate.place is Place.DRAFTS else "",
                )
            )
        word = _heard(probe, candidate, owners)
        if word is not None:
            heard.append(word)
    sightings.sort(key=lambda sighting: (sighting.rung, sighting.flagged_deleted, sighting.place, sighting.locator))
    heard.sort(key=lambda word: (word.at, word.sender.email))
    return Observation(probe.key, tuple(sightings), tuple(heard))


def rung_of(probe: Probe, candidate: Candidate, owners: frozenset[str] = frozenset()) -> Rung | None:
    """The strongest rung on which a message speaks for a follow-up; None if it says nothing."""
    headers = candidate.headers
    if candidate.place is Place.INBOX:
        return Rung.ANSWERED if _answers(probe, headers, owners) else None
    if probe.ref is not None and candidate.place is Place.DRAFTS and candidate.locator == probe.ref.locator:
        return Rung.LOCATION
    if headers.message_id == probe.message_id:
        return Rung.MESSAGE_ID
    if _threads(probe, headers):
        return Rung.TOKEN
    if candidate.place in _OWN_PLACES and _corresponds(probe, candidate):
        return Rung.CORRESPONDENCE
    return None


def same_company(one: str, other: str) -> bool:
    """Whether two canonical addresses share a company: one domain, or one below the other, and not a public one."""
    first, second = one.rpartition("@")[2], other.rpartition("@")[2]
    if not first or not second or first in PUBLIC_MAIL_DOMAINS or second in PUBLIC_MAIL_DOMAINS:
        return False
    return first == second or first.endswith(f".{second}") or second.endswith(f".{first}")


def _threads(probe: Probe, headers: Headers) -> bool:
    """Our token alone is no proof: any later mail in the thread inherits it; so the parent must be the invite, too."""
    if not probe.token or not probe.parent or probe.token not in headers.references:
        return False
    parent = headers.in_reply_to or headers.references[-1]
    return parent == probe.parent


def _answers(probe: Probe, headers: Headers, owners: frozenset[str]) -> bool:
    if headers.sender is not None and headers.sender.email in owners:
        return False
    referred = {headers.in_reply_to, *headers.references}
    return probe.message_id in referred or (bool(probe.token) and probe.token in referred)


def _corresponds(probe: Probe, candidate: Candidate) -> bool:
    headers = candidate.headers
    written = headers.date or candidate.at
    return (
        bool(probe.recipient)
        and probe.recipient in headers.recipients
        and written is not None
        and written > probe.since
        and not headers.automatic
    )


def _heard(probe: Probe, candidate: Candidate, owners: frozenset[str]) -> Heard | None:
    headers, sender = candidate.headers, candidate.headers.sender
    # A sync program may give old mail the time of its download, so the earlier of the two counts.
    at = min((moment for moment in (candidate.at, headers.date) if moment is not None), default=None)
    if candidate.place is not Place.INBOX or candidate.flagged_deleted or sender is None or at is None:
        return None
    if headers.automatic or sender.email in owners or at <= probe.since or not probe.recipient:
        return None
    if sender.email == probe.recipient or same_company(sender.email, probe.recipient):
        return Heard(sender, at, headers.subject)
    return None
