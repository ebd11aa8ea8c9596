"""The units as systemd itself judges them: no word that it does not know, and an exposure of 1.5 or less."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.setup import units

ROOT = Path(__file__).parents[2]
SYSTEM = [ROOT / "systemd" / "system" / name for name in ("afterword.service", "afterword@.service")]
USER = ROOT / "systemd" / "afterword.service"
PROGRAM = Path(sys.executable)
analyse = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is absent")


def _version() -> int:
    said = subprocess.run(["systemd-analyze", "--version"], capture_output=True, text=True, check=True)
    return units.version_in(said.stdout)


@analyse
@pytest.mark.parametrize("unit", [*SYSTEM, USER], ids=lambda path: f"{path.parent.name}-{path.name}")
def test_systemd_finds_nothing_to_say_about_a_unit(unit: Path, tmp_path: Path) -> None:
    """An unknown key leaves the exit code at 0, so it is what is said that counts."""
    fitted = tmp_path / unit.name
    fitted.write_text(units.fitted(unit.read_text(), PROGRAM, _version()))
    manager = ["--user"] if unit == USER else []
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    said = subprocess.run(
        ["systemd-analyze", *manager, "--man=no", "verify", fitted],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "XDG_RUNTIME_DIR": str(runtime)},
    )
    assert (said.stderr, said.returncode) == ("", 0)


@analyse
@pytest.mark.parametrize("unit", SYSTEM, ids=lambda path: path.name)
def test_a_system_unit_is_exposed_by_one_and_a_half_at_most(unit: Path) -> None:
    said = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=15", "--no-pager", unit],
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stdout
    level = re.search(r"exposure level for \S+: ([\d.]+)", said.stdout)
    assert level is not None
    assert float(level[1]) <= 1.5


@pytest.mark.parametrize("unit", [*SYSTEM, USER], ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_unit_names_no_path_of_one_machine(unit: Path) -> None:
    text = unit.read_text()
    starts = [line for line in text.splitlines() if line.startswith("ExecStart=")]
    assert starts in (["ExecStart=/usr/bin/afterword run"], ["ExecStart=%h/.local/bin/afterword run"])
    assert not re.search(r"/home/\w|/root|/work", text)


@pytest.mark.parametrize("unit", [*SYSTEM, USER], ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_unit_does_not_start_again_what_starting_does_not_mend(unit: Path) -> None:
    lines = unit.read_text().splitlines()
    assert {"Restart=on-failure", "RestartPreventExitStatus=78", "TimeoutStopSec=10"} <= set(lines)
    assert any(line.startswith("WatchdogSec=") for line in lines)


@pytest.mark.parametrize("unit", SYSTEM, ids=lambda path: path.name)
def test_every_relaxed_line_says_why(unit: Path) -> None:
    """What is looser than the strictest setting stands below a comment that begins with 'Relaxed'."""
    lines = unit.read_text().splitlines()
    for index, line in enumerate(lines):
        if line.startswith(("RestrictAddressFamilies=", "ProtectHome=no", "ConfigurationDirectory=")):
            before = lines[:index]
            while before and not before[-1].startswith("#") and before[-1]:
                before.pop()
            comment = []
            while before and before[-1].startswith("#"):
                comment.insert(0, before.pop())
            if line == "ConfigurationDirectory=afterword/%i":
                continue
            assert any("Relaxed" in text for text in comment), line


def test_a_newer_systemd_is_told_of_reloads_by_the_service_itself() -> None:
    text = SYSTEM[0].read_text()
    old, new = units.fitted(text, Path("/usr/bin/afterword"), 252), units.fitted(text, Path("/usr/bin/afterword"), 253)
    assert "Type=notify\n" in old
    assert "ExecReload=" in old
    assert "Type=notify-reload\n" in new
    assert "ExecReload=" not in new
    assert "notify-reload is younger" not in new


def test_a_program_s_path_is_taken_literally() -> None:
    text = units.fitted(USER.read_text(), Path('/opt/an odd %h $HOME "place"/afterword'), 252)
    assert 'ExecStart="/opt/an odd %%h $$HOME \\"place\\"/afterword" run\n' in text


def test_credentials_are_found_wherever_the_configuration_names_them() -> None:
    config = {"mailbox": {"password": "credential:mail"}, "notify": [{"url": "credential:push"}, {"url": "env:X"}]}
    names = units.credential_names([config, config])
    assert names == ("mail", "push")
    assert units.credentials_drop_in(names, frozenset({"push"})).splitlines()[1:] == [
        "[Service]",
        "LoadCredential=mail:/etc/credstore/mail",
        "LoadCredentialEncrypted=push:/etc/credstore.encrypted/push",
    ]


def test_a_home_is_not_seen_by_a_system_unit() -> None:
    assert units.hidden_from_system(Path("/home/ada/.local/bin/afterword"))
    assert not units.hidden_from_system(Path("/opt/afterword/bin/afterword"))


def test_the_user_unit_keeps_its_state_where_the_commands_look_for_it() -> None:
    """Before systemd 254, StateDirectory= of a user's manager lies in ~/.config; the commands use ~/.local/state."""
    assert "StateDirectory=" not in [line.partition("=")[0] + "=" for line in USER.read_text().splitlines()]
