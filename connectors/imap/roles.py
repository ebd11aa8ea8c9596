"""Which folder is which: by the config, else as the server says (SPECIAL-USE, RFC 6154), else by the usual names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connectors import folders as usual
from connectors.imap.listing import Folder
from connectors.model import Place

_ATTRIBUTES = {
    Place.DRAFTS: r"\drafts",
    Place.SENT: r"\sent",
    Place.TRASH: r"\trash",
}
_VIEWS = frozenset((r"\flagged", r"\important", r"\junk"))
"""Folders that show messages of others once more, and Spam."""


@dataclass(frozen=True, slots=True)
class Names:
    """Names of folders from the config; what is not set is found."""

    drafts: str = ""
    sent: str = ""
    trash: str = ""
    invites: tuple[str, ...] = ()

    def of(self, place: Place) -> str:
        """The configured folder for a place, or empty."""
        return {Place.DRAFTS: self.drafts, Place.SENT: self.sent, Place.TRASH: self.trash}.get(place, "")


@dataclass(frozen=True, slots=True)
class Roles:
    """The folders of an account by what they are for."""

    by_place: Mapping[Place, Folder]
    """Drafts, Sent, Trash and an outgoing queue, as far as they exist."""
    receiving: tuple[Folder, ...]
    """Where mail arrives or is filed: INBOX first. With a folder of all mail, only that one beside INBOX."""
    missing: tuple[str, ...] = field(default=())
    """Configured names that are not there."""


def assign(folders: Sequence[Folder], names: Names, foreign: tuple[str, ...] = ()) -> Roles:
    """Give every folder its role. `foreign`: prefixes of other people's folders, which are left out."""
    own = [folder for folder in folders if folder.selectable and not folder.name.startswith(foreign)]
    by_name = {folder.name: folder for folder in own}
    found: dict[Place, Folder] = {}
    missing: list[str] = []
    for place in (Place.DRAFTS, Place.SENT, Place.TRASH, Place.QUEUE):
        wanted = names.of(place)
        if wanted and wanted not in by_name:
            missing.append(wanted)
        chosen = by_name.get(wanted) if wanted else _find(own, place)
        if chosen is not None:
            found[place] = chosen
    taken = {folder.name for folder in found.values()}
    rest = [folder for folder in own if folder.name not in taken and not is_aside(folder)]
    everything = [folder for folder in rest if r"\all" in folder.attributes or folder.name == "INBOX"]
    receiving = everything if any(r"\all" in folder.attributes for folder in everything) else rest
    return Roles(
        found, tuple(sorted(receiving, key=lambda folder: (folder.name != "INBOX", folder.name))), tuple(missing)
    )


def is_aside(folder: Folder) -> bool:
    """Spam, Trash, Drafts, an outgoing queue, or a view of other folders: nowhere that mail arrives."""
    if folder.name == "INBOX":
        return False
    separator = folder.separator or "/"
    return (
        bool(folder.attributes & (_VIEWS | {r"\drafts", r"\trash"}))
        or usual.is_junk(folder.name, separator)
        or usual.place_of(folder.name, separator) in {Place.TRASH, Place.DRAFTS, Place.QUEUE}
    )


def _find(folders: Sequence[Folder], place: Place) -> Folder | None:
    attribute = _ATTRIBUTES.get(place)
    for folder in folders:
        if attribute in folder.attributes:
            return folder
    separator = next((folder.separator for folder in folders if folder.separator), "/")
    name = usual.best([folder.name for folder in folders], place, separator)
    return next((folder for folder in folders if folder.name == name), None)
