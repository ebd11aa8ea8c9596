"""What every command shares: the sentence that ends one, the configuration, and whom `explain` is asked for."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import tzlocal

from config import paths
from config.errors import ConfigError
from config.load import load_all
from config.schema import AccountConfig
from daemon.cli.explain_cmd import owner_from
from daemon.core.model import Owner
from daemon.wishes import owner_of

EX_TEMPFAIL, EX_CONFIG = 75, 78


class Told(Exception):
    """Ends a command with a sentence for the owner and an exit code of sysexits."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def read_config(config: Path | None) -> tuple[AccountConfig, ...]:
    """Every account of the configuration. Raises Told (78) with all problems."""
    path = config or paths.config_path()
    if not path.exists():
        message = f"there is no configuration yet at {path}: run `afterword init`, or name one with --config"
        raise Told(message, EX_CONFIG)
    try:
        return load_all(path)
    except ConfigError as error:
        raise Told(str(error), EX_CONFIG) from None


def owner_for(me: Sequence[str], name: str, timezone: str, config: Path | None) -> Owner:
    """The owner for `explain` and `preview`: from the options, else the configuration, else nobody in particular."""
    zone = _zone(timezone)
    if me:
        return owner_from(me, name, zone or _local_zone())
    path = config or paths.config_path()
    if path.exists():
        owner = owner_of(read_config(config)[0])
        return replace(owner, zone=zone or owner.zone, name=name or owner.name)
    return owner_from((), name, zone or _local_zone())


def _zone(name: str) -> ZoneInfo | None:
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        message = f"--timezone {name}: no such zone; write it as in Europe/Berlin"
        raise Told(message, 64) from None


def _local_zone() -> ZoneInfo:
    return ZoneInfo(tzlocal.get_localzone_name() or "UTC")
