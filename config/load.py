"""TOML files to `AccountConfig`. Every problem of every file is found before anything is refused."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import ValidationError

from config.errors import ConfigError, ConfigProblem
from config.positions import KeyPath, key_lines
from config.problems import describe
from config.schema import AccountConfig

MAX_BYTES: Final = 1024 * 1024
_MERGE: Final = "keep one of the two files"
_REPEATS_A_KEY: Final = ("Cannot declare", "Cannot mutate", "Cannot overwrite", "Duplicate")
_STEM: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,99}")


class Loaded(NamedTuple):
    """What a folder holds: the accounts that can be served, and one error for each file that cannot."""

    good: tuple[AccountConfig, ...]
    errors: tuple[ConfigError, ...]


def load_account(path: Path) -> AccountConfig:
    """Read one file. Raises ConfigError with all of its problems."""
    result = _read(path)
    if isinstance(result, AccountConfig):
        return result
    raise ConfigError(result)


def load_folder(path: Path) -> Loaded:
    """Read every *.toml of a folder, by name, so that a broken one leaves the others served.

    Of two files that serve the same mailbox or address, the first by name is good. Raises ConfigError where the
    folder itself cannot be read or holds no file.
    """
    good: list[AccountConfig] = []
    errors: list[ConfigError] = []
    taken: dict[object, Path] = {}
    for file in _files(path):
        result = _read(file)
        if isinstance(result, AccountConfig):
            clashes = _clashes(result, taken)
            if not clashes:
                good.append(result)
                taken |= dict.fromkeys((*result.owner.addresses, _identity(result)), file)
                continue
            result = clashes
        errors.append(ConfigError(result))
    return Loaded(tuple(good), tuple(errors))


def load_all(path: Path) -> tuple[AccountConfig, ...]:
    """Read a file, or a folder of them. Raises ConfigError with the problems of all files."""
    if not path.is_dir():
        return (load_account(path),)
    loaded = load_folder(path)
    if loaded.errors:
        raise ConfigError(problem for error in loaded.errors for problem in error.problems)
    return loaded.good


def parse_account(text: str, path: Path) -> AccountConfig:
    """Read TOML text as if it stood in `path`, which need not exist. Raises ConfigError."""
    result = _parse(text, path)
    if isinstance(result, AccountConfig):
        return result
    raise ConfigError(result)


def _files(folder: Path) -> list[Path]:
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix == ".toml" and not file.name.startswith("."))
    except OSError as error:
        reason = error.strerror or "cannot be read"
    else:
        if files:
            return files
        reason = "there is no account here: no file ends in .toml"
    raise ConfigError([ConfigProblem(folder, 0, "", reason, "make one with: afterword init")])


def _read(path: Path) -> AccountConfig | list[ConfigProblem]:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return [ConfigProblem(path, 0, "", "there is no such file", "make one with: afterword init")]
    except OSError as error:
        return [ConfigProblem(path, 0, "", error.strerror or "cannot be read", "check its permissions")]
    if len(raw) > MAX_BYTES:
        return [ConfigProblem(path, 0, "", f"it is larger than {MAX_BYTES} bytes", "name a config file")]
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return [ConfigProblem(path, line, "", "this is not UTF-8", "save the file as UTF-8")]
    return _parse(text, path)


def _parse(text: str, path: Path) -> AccountConfig | list[ConfigProblem]:
    """No exception leaves from here with the text or a value of it attached."""
    problems: list[ConfigProblem] = []
    if not _STEM.fullmatch(path.stem):
        message = "the file's name is the account's name: letters, digits and _ . @ + - only"
        problems.append(ConfigProblem(path, 0, "", message, "rename it"))
    try:
        data = tomllib.loads(text)
    except RecursionError:
        return [*problems, ConfigProblem(path, 0, "", "it is nested too deeply", "see: afterword config example")]
    except ValueError as error:
        return [*problems, _syntax_problem(path, text, str(error))]
    try:
        account = AccountConfig.model_validate(data, context={"path": path, "folder": path.parent})
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        return [*problems, *describe(path, _lines(text), data, details)]
    return problems or account


def _syntax_problem(path: Path, text: str, said: str) -> ConfigProblem:
    position = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", said)
    line = int(position[1]) if position and position[1] else text.count("\n") + 1 if position else 0
    message = said[: position.start()] if position else "a value cannot be read"
    if message.startswith(_REPEATS_A_KEY):
        # tomllib quotes the key, and a slipped quotation mark can make a secret one.
        message = "a key or table stands there for the second time"
    remedy = "text stands in quotes, key = value on one line; see: afterword config example"
    return ConfigProblem(path, line, "", f"TOML: {message}", remedy)


def _clashes(account: AccountConfig, taken: Mapping[object, Path]) -> list[ConfigProblem]:
    found: list[tuple[KeyPath, str]] = []
    for address in account.owner.addresses:
        if address in taken:
            found.append((("owner", "addresses"), f"{address} is the owner of {taken[address].name}, too"))
            break
    if (mailbox := _identity(account)) in taken:
        found.append((("mailbox",), f"{taken[mailbox].name} serves this mailbox, too"))
    if not found:
        return []
    path = account.path or Path(account.name)
    lines = _lines(_text_of(path))
    return [ConfigProblem(path, lines.get(key, 0), ".".join(map(str, key)), said, _MERGE) for key, said in found]


def _lines(text: str) -> dict[KeyPath, int]:
    # Where tomllib just managed the depth, the scanner may not; the problem counts for more than its line.
    try:
        return key_lines(text)
    except RecursionError:
        return {}


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ""


def _identity(account: AccountConfig) -> tuple[str, ...]:
    mailbox = account.mailbox
    match mailbox.kind:
        case "maildir":
            return ("maildir", str(mailbox.path.resolve()))
        case "imap":
            return ("imap", mailbox.host, mailbox.username.lower())
        case "gmail":
            return ("gmail", mailbox.address)
    return (mailbox.kind, mailbox.email)
