"""On which line of a TOML text each key stands. `tomllib` reads the values; this only counts lines of valid TOML."""

from typing import Final

KeyPath = tuple[str | int, ...]

_BARE_END: Final = frozenset(" \t.=]}\r\n,")
_SCALAR_END: Final = frozenset(",]}\r\n#")
_ESCAPES: Final = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b", '"': '"', "\\": "\\"}


def key_lines(text: str) -> dict[KeyPath, int]:
    """Map every key path (array elements by index) to its line, from 1. `text` must have passed `tomllib`."""
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


def line_of(lines: dict[KeyPath, int], path: KeyPath) -> int:
    """The line of the path, or of the nearest table around it; 0 where there is none."""
    for length in range(len(path), 0, -1):
        if line := lines.get(path[:length]):
            return line
    return 0


class _Scanner:
    """One pass from left to right. Every branch moves on, so it ends on any input."""

    def __init__(self, text: str) -> None:
        self.text = text + "\n"
        self.at = 0
        self.line = 1
        self.lines: dict[KeyPath, int] = {}
        self.sizes: dict[KeyPath, int] = {}

    def document(self) -> None:
        table: KeyPath = ()
        while self._skip_space():
            if self._peek() == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> KeyPath:
        line, array = self.line, self.text.startswith("[[", self.at)
        self._advance(2 if array else 1)
        keys = self._keys()
        self._advance(2 if array else 1)
        path: KeyPath = ()
        for key in keys[:-1]:
            path = self._last(self._note((*path, key), line))
        path = self._note((*path, keys[-1]), line)
        if array:
            index = self.sizes.get(path, 0)
            self.sizes[path] = index + 1
            return self._note((*path, index), line)
        return path

    def _pair(self, table: KeyPath) -> None:
        line, path = self.line, table
        for key in self._keys():
            path = self._note((*path, key), line)
        self._advance(1)
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        self._skip_space()
        char = self._peek()
        if char == "[":
            self._items(path, "]")
        elif char == "{":
            self._items(path, "}")
        elif char in "\"'":
            self._string()
        else:
            while self._peek() not in _SCALAR_END:
                self._advance(1)

    def _items(self, path: KeyPath, end: str) -> None:
        self._advance(1)
        index = 0
        while self._skip_space() and self._peek() != end:
            if self._peek() == ",":
                self._advance(1)
            elif end == "]":
                self._value(self._note((*path, index), self.line))
                index += 1
            else:
                self._pair(path)
        self._advance(1)

    def _keys(self) -> list[str]:
        keys = [self._key()]
        while self._skip_space() and self._peek() == ".":
            self._advance(1)
            self._skip_space()
            keys.append(self._key())
        return keys

    def _key(self) -> str:
        self._skip_space()
        if self._peek() in "\"'":
            return self._string()
        start = self.at
        while self._peek() not in _BARE_END:
            self._advance(1)
        return self.text[start : self.at]

    def _string(self) -> str:
        quote = self._peek()
        fence = quote * 3 if self.text.startswith(quote * 3, self.at) else quote
        self._advance(len(fence))
        parts: list[str] = []
        while self.at < len(self.text) and not self.text.startswith(fence, self.at):
            if quote == '"' and self._peek() == "\\":
                self._advance(1)
                parts.append(self._escape())
            else:
                parts.append(self._peek())
                self._advance(1)
        self._advance(len(fence))
        if len(fence) == 3:
            while self._peek() == quote:
                self._advance(1)
        return "".join(parts)

    def _escape(self) -> str:
        char = self._peek()
        self._advance(1)
        digits = {"u": 4, "U": 8}.get(char, 0)
        if digits:
            code = self.text[self.at : self.at + digits]
            self._advance(digits)
            return chr(int(code, 16))
        return _ESCAPES.get(char, "")

    def _skip_space(self) -> bool:
        while self.at < len(self.text):
            char = self._peek()
            if char == "#":
                while self._peek() != "\n":
                    self._advance(1)
            elif char in " \t\r\n":
                self._advance(1)
            else:
                return True
        return False

    def _note(self, path: KeyPath, line: int) -> KeyPath:
        self.lines.setdefault(path, line)
        return path

    def _last(self, path: KeyPath) -> KeyPath:
        """For `[a.b]` below `[[a]]`: the newest element of the array."""
        size = self.sizes.get(path, 0)
        return (*path, size - 1) if size else path

    def _peek(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else "\n"

    def _advance(self, count: int) -> None:
        self.line += self.text.count("\n", self.at, self.at + count)
        self.at += count
