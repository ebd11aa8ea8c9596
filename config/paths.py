"""Where things lie: `AFTERWORD_*` first, then what systemd says (systemd.exec(5)), then the platform's own folders."""

import os
from pathlib import Path

import platformdirs

_APP = "afterword"


def config_path() -> Path:
    """The config file, or the folder of them, when none is named: AFTERWORD_CONFIG or CONFIGURATION_DIRECTORY."""
    return _first("AFTERWORD_CONFIG", "CONFIGURATION_DIRECTORY") or platformdirs.user_config_path(_APP)


def state_dir() -> Path:
    """Where the store and the account keys lie: AFTERWORD_STATE or STATE_DIRECTORY. It need not exist yet."""
    return _first("AFTERWORD_STATE", "STATE_DIRECTORY") or platformdirs.user_state_path(_APP)


def cache_dir() -> Path:
    """What may be lost at any time. It need not exist yet."""
    return _first("CACHE_DIRECTORY") or platformdirs.user_cache_path(_APP)


def credentials_dir() -> Path | None:
    """The folder of systemd credentials, or None outside a unit that has any."""
    return _first("CREDENTIALS_DIRECTORY")


def _first(*names: str) -> Path | None:
    # systemd joins several folders with a colon; an own variable names one path, which may hold a colon.
    for name in names:
        value = os.environ.get(name, "")
        if not name.startswith("AFTERWORD_"):
            value = value.partition(":")[0]
        if value:
            return Path(value).expanduser()
    return None
