"""The folders of an account and how each stands, in one round trip where the server can (RFC 5819)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from imapclient.exceptions import ProtocolError
from imapclient.imap_utf7 import decode as decode_utf7
from imapclient.imap_utf7 import encode as encode_utf7
from imapclient.response_parser import parse_response

from connectors.imap.capabilities import Features
from connectors.imap.syntax import quoted
from connectors.imap.wire import Answer, Garbled, Wire

_HIDDEN = frozenset((r"\noselect", r"\nonexistent"))


@dataclass(frozen=True, slots=True)
class Standing:
    """How a folder stands (RFC 3501 section 6.3.10). None: the server did not say."""

    uid_validity: int | None = None
    uid_next: int | None = None
    messages: int | None = None
    mod_sequence: int | None = None


@dataclass(frozen=True, slots=True)
class Folder:
    """One line of LIST."""

    name: str
    """Decoded; INBOX always in upper case."""
    separator: str = ""
    attributes: frozenset[str] = frozenset()
    """Lower case, with their backslash."""
    standing: Standing = field(default_factory=Standing)

    @property
    def selectable(self) -> bool:
        """Whether it can hold messages."""
        return not self.attributes & _HIDDEN


@dataclass(frozen=True, slots=True)
class Selected:
    """The answer to SELECT or EXAMINE."""

    name: str
    uid_validity: int
    uid_next: int | None
    messages: int
    mod_sequence: int | None
    read_only: bool


def survey(wire: Wire, features: Features, known: Iterable[str] = ()) -> tuple[Folder, ...]:
    """All folders with their standing. `known`: names for which STATUS is sent along where LIST cannot tell it.

    One round trip, or two where a server without LIST-STATUS shows a folder that was not known.
    """
    leaving = _leaving(wire, features)
    if features.list_status:
        special = b"SPECIAL-USE " if features.special_use else b""
        *_, listing = wire.attempt(*leaving, b'LIST "" "*" RETURN (%sSTATUS %s)' % (special, _items(features)))
        if not isinstance(listing, Answer):
            raise listing
        return _join(_listed(listing), _standings([listing]))
    names = [name for name in dict.fromkeys(known) if name]
    commands = (*leaving, b'LIST "" "*"', *(_status(name, features) for name in names))
    listing, *statuses = wire.attempt(*commands)[len(leaving) :]
    if not isinstance(listing, Answer):
        raise listing
    folders = _listed(listing)
    missing = [folder.name for folder in folders if folder.selectable and folder.name not in set(names)]
    if missing:
        statuses += wire.attempt(*(_status(name, features) for name in missing))
    return _join(folders, _standings([answer for answer in statuses if isinstance(answer, Answer)]))


def select(wire: Wire, name: str, *, read_only: bool = True) -> Selected:
    """Select a folder. Raises Refused where it is gone; Garbled where no UIDVALIDITY is told."""
    wire.selected = False
    (answer,) = wire.run((b"EXAMINE " if read_only else b"SELECT ") + mailbox(name))
    wire.selected = True
    return selected(name, answer)


def selected(name: str, answer: Answer) -> Selected:
    """Read the answer to SELECT or EXAMINE."""
    found: dict[bytes, int] = {}
    messages = 0
    for response in answer.responses:
        line = response[0]
        if not isinstance(line, bytes):
            continue
        words = line.replace(b"]", b" ").split()
        if len(words) >= 2 and words[1].upper() == b"EXISTS" and words[0].isdigit():
            messages = int(words[0])
        elif len(words) >= 3 and words[1].startswith(b"[") and words[2].isdigit():
            found[words[1][1:].upper()] = int(words[2])
    if b"UIDVALIDITY" not in found:
        raise Garbled(f"no UIDVALIDITY for {name!r}")
    return Selected(
        name=name,
        uid_validity=found[b"UIDVALIDITY"],
        uid_next=found.get(b"UIDNEXT"),
        messages=messages,
        mod_sequence=found.get(b"HIGHESTMODSEQ"),
        read_only=answer.code == "READ-ONLY",
    )


def mailbox(name: str) -> bytes:
    """A folder's name as an argument: modified UTF-7 (RFC 3501 section 5.1.3), quoted."""
    return quoted(bytes(encode_utf7(name)))


def namespaces(answers: Iterable[Answer]) -> tuple[str, tuple[str, ...]]:
    """Prefix of the owner's folders and prefixes of everybody else's, out of an answer to NAMESPACE (RFC 2342)."""
    personal, foreign = "", []
    for answer in answers:
        for line in answer.lines(b"NAMESPACE"):
            own, *others = [_prefixes(namespace) for namespace in parse_response([line])]
            personal = own[0] if own else ""
            foreign += [prefix for prefixes in others for prefix in prefixes if prefix]
    return personal, tuple(foreign)


def _prefixes(namespace: object) -> list[str]:
    if not isinstance(namespace, tuple):
        return []
    return [_text(entry[0]) for entry in namespace if isinstance(entry, tuple) and entry]


def _leaving(wire: Wire, features: Features) -> tuple[bytes, ...]:
    """Leave the selected folder first, in the same go: servers tell its standing as of the last command on it.

    Where there is no UNSELECT (RFC 3691), a NOOP brings the standing up to date. Not elsewhere: Dovecot 2.3 never
    answers a LIST with STATUS that is pipelined behind a NOOP.
    """
    if not wire.selected:
        return ()
    if not features.names & {"UNSELECT", "IMAP4REV2"}:
        return (b"NOOP",)
    wire.selected = False
    return (b"UNSELECT",)


def _items(features: Features) -> bytes:
    return b"(MESSAGES UIDNEXT UIDVALIDITY%s)" % (b" HIGHESTMODSEQ" if features.condstore else b"")


def _status(name: str, features: Features) -> bytes:
    return b"STATUS %s %s" % (mailbox(name), _items(features))


def _listed(answer: Answer) -> list[Folder]:
    folders: dict[str, Folder] = {}
    for line in answer.lines(b"LIST"):
        try:
            attributes, separator, raw, *_ = parse_response([line])
            name = _name(raw)
        except (ProtocolError, ValueError):  # one odd name hides no other folder
            continue
        if not isinstance(attributes, tuple):
            continue
        folders[name] = Folder(
            name,
            _text(separator) if separator is not None else "",
            frozenset(_text(attribute).lower() for attribute in attributes),
        )
    return list(folders.values())


def _standings(answers: Iterable[Answer]) -> dict[str, Standing]:
    standings: dict[str, Standing] = {}
    for answer in answers:
        for line in answer.lines(b"STATUS"):
            try:
                raw, values, *_ = parse_response([line])
                name = _name(raw)
            except (ProtocolError, ValueError):
                continue
            if not isinstance(values, tuple):
                continue
            pairs = {_text(key).upper(): value for key, value in zip(values[::2], values[1::2], strict=False)}
            standings[name] = Standing(
                uid_validity=_number(pairs.get("UIDVALIDITY")),
                uid_next=_number(pairs.get("UIDNEXT")),
                messages=_number(pairs.get("MESSAGES")),
                mod_sequence=_number(pairs.get("HIGHESTMODSEQ")),
            )
    return standings


def _join(folders: Iterable[Folder], standings: Mapping[str, Standing]) -> tuple[Folder, ...]:
    return tuple(
        Folder(folder.name, folder.separator, folder.attributes, standings.get(folder.name, Standing()))
        for folder in folders
    )


def _name(raw: object) -> str:
    name = str(decode_utf7(_text(raw).encode("ascii", "replace")))
    return "INBOX" if name.upper() == "INBOX" else name


def _text(atom: object) -> str:
    # The parser makes numbers of names that are digits only.
    return atom.decode("ascii", "replace") if isinstance(atom, bytes) else str(atom)


def _number(atom: object) -> int | None:
    return atom if isinstance(atom, int) and atom >= 0 else None
