"""Which folder is which, and the lines in which servers tell of them. No server is needed."""

import pytest

from connectors.imap.capabilities import Features
from connectors.imap.listing import Folder, namespaces, selected, survey
from connectors.imap.roles import Names, assign
from connectors.imap.syntax import Response
from connectors.imap.wire import Answer, Garbled, Refused, Wire
from connectors.model import Place


def folders(*lines: str) -> list[Folder]:
    """`name` or `name|attribute attribute`."""
    parted = [line.partition("|") for line in lines]
    return [Folder(name, "/", frozenset(attributes.split())) for name, _, attributes in parted]


GMAIL = folders(
    "INBOX", "[Gmail]|\\noselect", "[Gmail]/All Mail|\\all", "[Gmail]/Drafts|\\drafts", "[Gmail]/Important|\\important",
    "[Gmail]/Sent Mail|\\sent", "[Gmail]/Spam|\\junk", "[Gmail]/Starred|\\flagged", "[Gmail]/Trash|\\trash", "Jobs",
)  # fmt: skip
GERMAN = folders("INBOX", "Entwürfe", "Gesendete Objekte", "Papierkorb", "Spam", "Bewerbungen")
COURIER = [
    Folder(name, ".", frozenset()) for name in ("INBOX", "INBOX.Drafts", "INBOX.Sent", "INBOX.Trash", "INBOX.Jobs")
]


@pytest.mark.parametrize(
    ("listed", "drafts", "sent", "trash", "receiving"),
    [
        (GMAIL, "[Gmail]/Drafts", "[Gmail]/Sent Mail", "[Gmail]/Trash", ["INBOX", "[Gmail]/All Mail"]),
        (GERMAN, "Entwürfe", "Gesendete Objekte", "Papierkorb", ["INBOX", "Bewerbungen"]),
        (COURIER, "INBOX.Drafts", "INBOX.Sent", "INBOX.Trash", ["INBOX", "INBOX.Jobs"]),
    ],
)
def test_roles(listed: list[Folder], drafts: str, sent: str, trash: str, receiving: list[str]) -> None:
    roles = assign(listed, Names())
    assert roles.by_place[Place.DRAFTS].name == drafts
    assert roles.by_place[Place.SENT].name == sent
    assert roles.by_place[Place.TRASH].name == trash
    assert [folder.name for folder in roles.receiving] == receiving


def test_the_config_rules_and_a_name_that_is_not_there_is_told() -> None:
    roles = assign(GERMAN, Names(drafts="Bewerbungen", sent="Nirgends"))
    assert roles.by_place[Place.DRAFTS].name == "Bewerbungen"
    assert Place.SENT not in roles.by_place
    assert roles.missing == ("Nirgends",)


def test_the_servers_word_beats_the_usual_name() -> None:
    roles = assign(folders("INBOX", "Drafts", "Write|\\drafts"), Names())
    assert roles.by_place[Place.DRAFTS].name == "Write"


def test_other_peoples_folders_are_left_out() -> None:
    roles = assign(folders("INBOX", "Other Users/bob/Drafts", "Shared/Jobs"), Names(), ("Other Users/", "Shared/"))
    assert roles.by_place == {}
    assert [folder.name for folder in roles.receiving] == ["INBOX"]


class Canned:
    """Answers that a server gave, in place of a connection."""

    selected = False

    def __init__(self, *responses: Response) -> None:
        self.responses = responses

    def attempt(self, *commands: bytes) -> list[Answer | Refused]:
        return [Answer(self.responses) for _ in commands]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (b'LIST () "/" inbox', "INBOX"),
        (b'LIST () "/" 2026', "2026"),
        (b'LIST () "/" "Entw&APw-rfe"', "Entwürfe"),
        (b'LIST () NIL "a b"', "a b"),
        (b'LIST () "/" "say \\"hi\\""', 'say "hi"'),
    ],
)
def test_names_of_folders(line: bytes, name: str) -> None:
    wire: Wire = Canned((line,))  # type: ignore[assignment] # what `survey` uses of a Wire
    (folder,) = survey(wire, Features(frozenset({"LIST-STATUS"})))
    assert folder.name == name


def test_a_line_that_cannot_be_read_hides_no_other_folder() -> None:
    wire: Wire = Canned((b'LIST () "/" (((',), (b"LIST ()",), (b'LIST () "/" &!!-',), (b'LIST () "/" Jobs',))  # type: ignore[assignment] # as above
    assert [folder.name for folder in survey(wire, Features(frozenset({"LIST-STATUS"})))] == ["Jobs"]


def test_status_that_tells_little_or_nonsense() -> None:
    wire: Wire = Canned(
        (b'LIST () "/" Jobs',), (b"STATUS Jobs (MESSAGES 3 UIDNEXT x)",), (b"STATUS Jobs",), (b"STATUS",)
    )  # type: ignore[assignment] # as above
    (folder,) = survey(wire, Features(frozenset({"LIST-STATUS"})))
    assert (folder.standing.messages, folder.standing.uid_next) == (3, None)


def test_namespaces() -> None:
    answer = Answer(((b'NAMESPACE (("INBOX." ".")) (("~" "/")) (("#shared/" "/")("Public/" "/"))',),))
    assert namespaces([answer]) == ("INBOX.", ("~", "#shared/", "Public/"))
    assert namespaces([Answer(((b'NAMESPACE (("" "/")) NIL NIL',),))]) == ("", ())


def test_a_folder_without_uidvalidity_is_not_believed() -> None:
    with pytest.raises(Garbled):
        selected("Jobs", Answer(((b"3 EXISTS",), (b"OK [UIDNEXT 4] next",))))
    chosen = selected("Jobs", Answer(((b"3 EXISTS",), (b"OK [UIDVALIDITY 7] ok",)), code="READ-ONLY"))
    assert (chosen.messages, chosen.uid_validity, chosen.uid_next, chosen.read_only) == (3, 7, None, True)
