"""Text of invites and mails as people read it: HTML reduced to plain text, white space and control characters tamed."""

import re
from html.parser import HTMLParser

_BLOCKS = frozenset(
    ("address", "article", "aside", "blockquote", "body", "br", "dd", "div", "dl", "dt", "fieldset", "footer", "form",
     "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table",
     "tr", "ul")
)  # fmt: skip
_SILENT = frozenset(("head", "script", "style", "title", "template", "noscript"))
_MARKUP = re.compile(
    r"<(?:!doctype|html|body|head|div|p|br|span|b|i|u|a|ul|ol|li|table|font|strong|em|h[1-6]|html-blob|pre|img|hr)\b[^<>]{0,2000}>",
    re.IGNORECASE,
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")

_LABEL_CHARS = 40


class _Reduction(HTMLParser):
    """HTMLParser has to be subclassed to be used at all."""

    def __init__(self, limit: int) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.room = limit
        self.silent = 0
        self.links: list[tuple[str, int]] = []
        self.cells: list[int] = []
        """Where each cell of the row in hand begins among the pieces."""

    def put(self, text: str) -> None:
        if self.room > 0:
            self.pieces.append(text[: self.room])
            self.room -= len(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self.silent += 1
        elif tag == "li":
            self.put("\n- ")
        elif tag in ("td", "th"):
            self.put(self._between_cells())
            self.cells.append(len(self.pieces))
        elif tag in _BLOCKS:
            self.put("\n")
            if tag == "tr":
                self.cells.clear()
        elif tag == "a":
            self.links.append((next((value or "" for name, value in attrs if name == "href"), ""), len(self.pieces)))

    def _between_cells(self) -> str:
        """As people would write a row in one line: `Interviewers: Jane Roe, CTO`."""
        before = "".join(self.pieces[self.cells[-1] :]).strip() if self.cells else ""
        if not before:
            return " "
        if len(self.cells) > 1:
            return ", "
        is_label = len(before) <= _LABEL_CHARS and "\n" not in before and not re.search(r"\d|[:：]$", before)
        return ": " if is_label else " "

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent = max(0, self.silent - 1)
        elif tag in ("p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol"):
            self.put("\n\n")
        elif tag in _BLOCKS:
            self.put("\n")
        elif tag == "a" and self.links:
            target, start = self.links.pop()
            address = target.removeprefix("mailto:").partition("?")[0]
            if target and address not in "".join(self.pieces[start:]):
                self.put(f" <{address}>")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.put(re.sub(r"\s+", " ", data))


def looks_like_html(text: str) -> bool:
    """Whether a text that should be plain holds HTML markup."""
    return bool(_MARKUP.search(text))


def html_to_text(html: str, limit: int) -> str:
    """HTML as plain text of at most `limit` characters: no scripts, styles or comments; a link keeps its target."""
    reduction = _Reduction(limit)
    for start in range(0, min(len(html), 16 * limit), 65_536):
        reduction.feed(html[start : start + 65_536])
        if reduction.room <= 0:
            break
    if reduction.room > 0:
        reduction.close()
    return plain("".join(reduction.pieces), limit)


def plain(text: str, limit: int) -> str:
    """Several lines of text: LF line ends, no control or direction-changing characters, no run of blank lines."""
    text = _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n"))
    text = text.replace("\u00a0", " ").replace("\u200b", "")
    lines = [line.strip(" \t") for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()[:limit]


def one_line(text: str, limit: int = 1_000) -> str:
    """A title, name or address: everything that breaks a line is a space, so nothing can start a new header."""
    return " ".join(_CONTROLS.sub(" ", text).split())[:limit]
