"""What a person would read of an event: title and text without join blocks, markup and what nobody sees."""

import html
import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

from connectors.model import Event
from daemon.core.domains import LINK
from daemon.core.phrases import fold, has_cjk

_TEXT_CHARS = 12_000
_TITLE_CHARS = 300
_GOOGLE_BLOCK = re.compile(r"-::~[:~]*::?-.*?(?:-::~[:~]*::-|\Z)", re.DOTALL)
_TEAMS_BLOCK = re.compile(r"_{20,}.*?(?:_{60,}|\Z)", re.DOTALL)
_ZOOM_DIAL = re.compile(
    r"^(?:Join Zoom Meeting|One tap mobile|Dial by your location|Meeting ID:.*|Passcode:.*|"
    r"Find your local number:.*|\+\d[\d,*# ]+.*|\s*•\s*\+\d.*|---|"
    r"ID riunione.*|Meeting-ID.*|Kenncode.*|Join by (?:SIP|phone).*|Phone conference ID.*|Dial in by phone.*)\s*$",
    re.MULTILINE,
)
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]{0,2000}>")
_BREAKS = re.compile(r"<(?:br|/p|/div|/li|/tr|/h\d|li)\b[^<>]*>", re.IGNORECASE)
_UNSEEN = re.compile(
    r"<(script|style|svg|iframe|head|title)\b.*?</\1\s*>|<([a-z]+)\b[^<>]*(?:display\s*:\s*none|"
    r"visibility\s*:\s*hidden|font-size\s*:\s*0)[^<>]*>.*?</\2\s*>|<!--.*?-->",
    re.IGNORECASE | re.DOTALL,
)
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|<%.*?%>|\$\{.*?\}|#\{.*?\}", re.DOTALL)
_FOOTER = re.compile(
    r"^\s*(?:Powered by Calendly|Need to make changes to this event|Cancel:|Reschedule:|"
    r"Möchten Sie etwas ändern|Manage your booking|Scheduled with LinkedIn|Sent from).*$",
    re.MULTILINE,
)


def _plain(text: str, limit: int) -> str:
    text = unicodedata.normalize("NFC", text[: 4 * limit])
    text = _GOOGLE_BLOCK.sub("\n", text)
    text = _TEAMS_BLOCK.sub("\n", text)
    if "<" in text:
        text = _UNSEEN.sub(" ", text)
        text = _BREAKS.sub("\n", text)
        text = _MARKUP.sub("", text)
    if "&" in text:
        text = html.unescape(text)
    text = _TEMPLATE.sub(" ", text)
    text = re.sub(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\x00-\x08\x0b\x0c\x0e-\x1f]", "", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")
    return text[:limit]


@dataclass(frozen=True)
class Reading:
    """An event's words: original spelling and folded, each of the same length."""

    title: str
    """The first line of SUMMARY."""
    body: str
    """DESCRIPTION, then the mail's own text where it says more."""
    place: str
    links: str
    """Every link, lower case, one a line."""

    @cached_property
    def folded_title(self) -> str:
        """For phrases."""
        return fold(self.title)

    @cached_property
    def folded_body(self) -> str:
        """For phrases."""
        return fold(self.body)

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The text's lines that say something, stripped."""
        return tuple(line.strip(" \t•·*>") for line in self.body.split("\n") if line.strip(" \t•·*>-_=~:"))

    @property
    def whole(self) -> str:
        """Title and text."""
        return f"{self.title}\n{self.body}"


def _repeats(part: str, whole: str) -> bool:
    return " ".join(fold(part).split()) in " ".join(fold(whole).split())


def read_event(event: Event) -> Reading:
    """Clean the words of an event; bounded, whatever its size."""
    title_lines = _plain(event.summary, _TITLE_CHARS * 2).strip().split("\n")
    title = re.sub(r"\s+", " ", title_lines[0] if title_lines else "").strip()[:_TITLE_CHARS]
    raw = _plain(event.description, _TEXT_CHARS)
    if event.mail is not None and event.mail.text:
        mail_text = _plain(event.mail.text, _TEXT_CHARS)
        fresh = [line for line in mail_text.split("\n") if line.strip() and not _repeats(line, raw)]
        if fresh:
            raw = raw + "\n\n" + "\n".join(fresh)
    links = "\n".join(
        found.group().lower()
        for found in LINK.finditer(f"{raw}\n{event.location}\n{event.url}\n{event.description[:_TEXT_CHARS]}")
    )
    body = _ZOOM_DIAL.sub("", raw)
    body = _FOOTER.sub("", body)
    body = LINK.sub(" ", body)
    body = re.sub(r"[ \t]+", " ", body)
    body = re.sub(r"\n\s*\n\s*\n+", "\n\n", body).strip()[:_TEXT_CHARS]
    return Reading(title, body, event.location, links)


def sentences(text: str) -> list[str]:
    """A text cut at ends of sentences and lines; abbreviations before a name (Dr., Frau Dr., ing.) do not end one."""
    if has_cjk(text):
        return [piece.strip() for piece in re.split(r"[。！？\n]", text) if piece.strip()]
    return [piece.strip() for piece in _SENTENCE_END.split(text) if piece and piece.strip()]


_SENTENCE_END = re.compile(
    r"(?<!\bDr)(?<!\bMr)(?<!\bM)(?<!\bMM)(?<!\bEnf)(?<!\bExma)(?<!\bExmo)(?<!\bMs)(?<!\bMrs)(?<!\bSt)(?<!\bProf)(?<!\bing)(?<!\bsig)(?<!\bsig\.ra)(?<!\b"
    r"Dott)(?<!\bdott)(?<!\bdr)(?<!\bSr)(?<!\bSra)(?<!\bDra)(?<!\bm/w)(?<!\bds)(?<!\bCol)(?<!\bCapt)(?<!\bLt)"
    r"(?<!\bMaj)(?<!\bGen)(?<!\bSgt)(?<!\bHon)(?<!\bRev)(?<!\bLic)(?<!\bMtra)(?<!\bMtro)(?<!\bIng)(?<!\bAvv)(?<!\bavv)(?<!\bSig)"
    r"(?<!\bdhr)(?<!\bmevr)(?<!\bmw)(?<!\binż)(?<!\bprof)(?<!\bdrs)(?<!\bir)"
    r"(?<!\bmed)(?<!\bdent)(?<!\brer)(?<!\bnat)(?<!\bhabil)(?<!\bDipl)(?<!\bMag)(?<!\bFr)(?<!\bAssoc)(?<!\bEng)(?<!\bDña)[.!?](?=\s)|\n"
)
