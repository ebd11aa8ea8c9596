"""The wheel holds exactly what it should."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = ("config", "connectors", "daemon")
DATA = frozenset({".toml", ".j2", ".json", ".ics", ".eml", ".typed", ".mako"})
UNITS = {"daemon/units/afterword.service", "daemon/units/system/afterword.service"}


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = folder.iterdir()
    with zipfile.ZipFile(wheel) as packed:
        return frozenset(name for name in packed.namelist() if not name.endswith("/"))


def test_every_file_is_code_or_data_of_ours(names: frozenset[str]) -> None:
    info = {name for name in names if name.startswith("afterword-") and ".dist-info/" in name}
    units = {name for name in names if name.startswith("daemon/units/")}
    strange = [
        name
        for name in sorted(names - info - units)
        if name.partition("/")[0] not in CODE or Path(name).suffix not in {".py", *DATA}
    ]
    assert strange == []
    assert units == UNITS | {"daemon/units/system/afterword@.service"}


def test_nothing_that_git_keeps_of_the_packages_is_left_out(names: frozenset[str]) -> None:
    kept = subprocess.run(["git", "ls-files", *CODE], cwd=ROOT, capture_output=True, text=True, check=False)
    if kept.returncode:
        pytest.skip("this is no git checkout")
    there = {name for name in kept.stdout.splitlines() if (ROOT / name).exists()}
    assert there
    assert there - names == set()


def test_the_command_is_the_only_one(names: frozenset[str]) -> None:
    assert any(name.endswith(".dist-info/entry_points.txt") for name in names)
    assert not [name for name in names if ".data/" in name]
