"""The migrations travel inside the wheel."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[3]
PROGRAM = """
import sys
from datetime import UTC, datetime
from daemon.store import store
store.Store.open(sys.argv[1], now=datetime(2026, 11, 20, tzinfo=UTC)).account("me").set_setting("a", "b")
print(store.__file__)
"""


def test_an_installed_wheel_makes_a_store(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "dist"],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = (tmp_path / "dist").iterdir()
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path / "installed")
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, tmp_path / "afterword.sqlite"],
        cwd=tmp_path, env={"PYTHONPATH": str(tmp_path / "installed")}, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert ran.stdout.startswith(str(tmp_path / "installed"))
    assert (tmp_path / "afterword.sqlite").stat().st_size > 0
