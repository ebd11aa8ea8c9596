"""What a person wrote in an answer, without the mail it answers. Needs no list of languages.

An attribution line is known by its place, not by its words: it stands right before quoted lines and ends in a colon.
A pasted header block ("From: ... Sent: ... Subject: ...") is known by its shape. Answers between quoted lines are kept.
"""

import re
from collections.abc import Sequence

from connectors.mime import text_of

_QUOTE = re.compile(r"^\s{0,3}>")
_DIVIDER = re.compile(r"^\s*(?:_{8,}|-{2,}\s?[^\W\d_][^-]{2,60}\s?-{2,}|={8,})\s*$")
_HEADER_LINE = re.compile(r"^\s*\*?[^\W\d_][\w .\-/]{0,24}\s?[:：]\*?\s?\S")
_SIGNATURE = re.compile(r"^-- ?$")
_ATTRIBUTION_END = re.compile(r"[:：]\s*$")
_MOST_ATTRIBUTION_LINES = 4


def reply_text(message: bytes) -> str:
    """The owner's own words: quoted lines, attribution, pasted header block and signature removed. Never raises."""
    return own_words(text_of(message))


def own_words(text: str) -> str:
    """The same for a text that is already decoded."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    lines = lines[: _pasted_mail(lines)]
    kept: list[str] = []
    for index, line in enumerate(lines):
        if _SIGNATURE.match(line) and not any(_QUOTE.match(later) for later in lines[index:]):
            break
        if _QUOTE.match(line):
            _drop_attribution(kept)
            continue
        kept.append(line.rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _drop_attribution(kept: list[str]) -> None:
    """Takes away the paragraph before a quotation where it ends in a colon and names an address or a time."""
    end = len(kept)
    while end and not kept[end - 1].strip():
        end -= 1
    start = end
    while start and kept[start - 1].strip() and end - start < _MOST_ATTRIBUTION_LINES:
        start -= 1
    paragraph = " ".join(kept[start:end])
    if end and _ATTRIBUTION_END.search(paragraph) and re.search(r"\d{1,2}[:.]\d\d|\S@\S|\d{4}", paragraph):
        del kept[start:]


def _pasted_mail(lines: Sequence[str]) -> int:
    """Index of the first line of a mail pasted below the answer, as Outlook does; else the number of lines."""
    for index, line in enumerate(lines):
        ahead = [later for later in lines[index + 1 : index + 8] if later.strip()]
        if _DIVIDER.match(line) and len(_header_run(ahead)) >= 2:
            return index
        if len(_header_run([later for later in lines[index : index + 6] if later.strip()])) >= 4 and any(
            "@" in later or re.search(r"\d{4}", later) for later in lines[index : index + 6]
        ):
            return index
    return len(lines)


def _header_run(lines: Sequence[str]) -> Sequence[str]:
    count = 0
    for line in lines:
        if not _HEADER_LINE.match(line):
            break
        count += 1
    return lines[:count]
