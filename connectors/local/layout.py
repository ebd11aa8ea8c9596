"""Where the folders of a Maildir are: Maildir++ (`.Sent`), plain subfolders as mbsync writes them (`Sent`), or both."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from connectors import folders
from connectors.errors import TemporaryError, UnsupportedError
from connectors.local.folder import is_folder, make_folder
from connectors.model import Place

INBOX = "INBOX"
_PARTS = frozenset({"cur", "new", "tmp"})
_DEPTH = 4
_DEFAULT_NAMES = {Place.DRAFTS: "Drafts", Place.SENT: "Sent", Place.TRASH: "Trash"}


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders that are there now, by name; parts of a name are separated by `/`."""

    root: Path
    paths: Mapping[str, Path]
    by_place: Mapping[Place, str]
    """Drafts, Sent, Trash, queue: those that were found, and INBOX."""

    def path(self, place: Place) -> Path | None:
        """The folder for a place; None where there is none."""
        name = self.by_place.get(place)
        return self.paths.get(name) if name is not None else None

    def mail_folders(self) -> list[str]:
        """Everything that receives mail: all but Drafts, Sent, Trash, queue and unwanted mail; INBOX first."""
        special = {name for place, name in self.by_place.items() if place is not Place.INBOX}
        names = [name for name in self.paths if name not in special and not folders.is_junk(name)]
        names = [name for name in names if folders.place_of(name) in (None, Place.INBOX)]
        return sorted(names, key=lambda name: (name != self.by_place.get(Place.INBOX), name))


def look(root: Path, configured: Mapping[Place, str]) -> Layout:
    """The layout as it is now. Raises TemporaryError if the root is not there or is no Maildir (an unmounted disk)."""
    try:
        paths = _find(root)
    except OSError as error:
        raise TemporaryError(
            f"{root} cannot be read: {error.strerror or error}", remedy="is the disk mounted, the path right?"
        ) from error
    if not paths:
        raise TemporaryError(
            f"{root} is no Maildir: there is no folder with cur, new and tmp in it",
            remedy="is the disk mounted, the path right? A first sync makes the folders",
        )
    by_place = {}
    for place in (Place.DRAFTS, Place.SENT, Place.TRASH, Place.QUEUE):
        name = _configured(configured[place], paths) if place in configured else folders.best(paths, place)
        if name is not None:
            by_place[place] = name
    inbox = next((name for name in sorted(paths) if name.casefold() == "inbox"), None)
    if inbox is not None:
        by_place[Place.INBOX] = inbox
    return Layout(root, paths, by_place)


def ensure(layout: Layout, place: Place, configured: Mapping[Place, str]) -> Path:
    """The folder for a place, created in the style of its neighbours if it is missing. Raises OSError."""
    found = layout.path(place)
    if found is not None:
        return found
    name = configured.get(place) or _DEFAULT_NAMES.get(place)
    if name is None:
        raise UnsupportedError(f"there is no folder for {place} and none is made")
    path = layout.root / _style(layout, name)
    make_folder(path)
    return path


def _style(layout: Layout, name: str) -> str:
    plain = any(_is_plain(path, layout.root) for path in layout.paths.values() if path != layout.root)
    if name.startswith(".") or plain or not is_folder(layout.root):
        return name
    return "." + name.replace("/", ".")


def _is_plain(path: Path, root: Path) -> bool:
    return not path.relative_to(root).parts[0].startswith(".")


def _configured(wish: str, paths: Mapping[str, Path]) -> str | None:
    """A configured name may be written as it is on disk, as Maildir++ or with slashes."""
    plain = folders.decode_utf7(wish).removeprefix(".")
    for name in (wish, plain, plain.replace(".", "/"), f"{INBOX}/{plain}"):
        if name in paths:
            return name
    return next((name for name, path in paths.items() if path.name == wish), None)


def _find(root: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    with os.scandir(root) as listing:
        children = sorted(item.name for item in listing if item.name not in _PARTS and item.is_dir())
    if is_folder(root):
        found[INBOX] = root
    for child in children:
        path = root / child
        if child.startswith("."):
            if is_folder(path) and len(child) > 1:
                found[folders.decode_utf7(child[1:].replace(".", "/"))] = path
        else:
            _descend(path, folders.decode_utf7(child), found, _DEPTH)
    return found


def _descend(path: Path, name: str, found: dict[str, Path], depth: int) -> None:
    if is_folder(path):
        found.setdefault(name, path)
    if depth == 0:
        return
    try:
        with os.scandir(path) as listing:
            children = sorted(item.name for item in listing if item.name not in _PARTS and item.is_dir())
    except (FileNotFoundError, PermissionError):
        return
    for child in children:
        if child.startswith("."):
            # mbsync's SubFolders Maildir++ below a plain INBOX
            if is_folder(path / child):
                found.setdefault(f"{name}/{folders.decode_utf7(child[1:].replace('.', '/'))}", path / child)
        else:
            _descend(path / child, f"{name}/{folders.decode_utf7(child)}", found, depth - 1)
