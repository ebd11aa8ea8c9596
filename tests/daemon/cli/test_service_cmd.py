"""`afterword service` in a tree of its own, as an image builder uses it; a real systemd is in tests/system."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

AFTERWORD = Path(sys.executable).with_name("afterword")
CONFIG = """\
[owner]
name = "Ada Example"
addresses = ["ada@example.org"]
timezone = "Europe/Berlin"
[mailbox]
kind = "imap"
host = "imap.example.org"
password = "credential:ada-mail"
"""
systemctl = pytest.mark.skipif(shutil.which("systemctl") is None, reason="systemctl is absent")


def _service(*arguments: object, home: Path) -> subprocess.CompletedProcess[str]:
    env = {"HOME": str(home), "PATH": os.environ["PATH"], "COLUMNS": "200"}
    return subprocess.run(
        [AFTERWORD, "service", *map(str, arguments)], capture_output=True, text=True, check=False, env=env, timeout=120
    )


@systemctl
def test_install_into_a_tree_enables_the_unit_and_loads_its_credentials(tmp_path: Path) -> None:
    (tmp_path / "etc/afterword").mkdir(parents=True)
    (tmp_path / "etc/afterword/ada.toml").write_text(CONFIG)
    done = _service("install", "--system", "--root", tmp_path, home=tmp_path)
    assert done.returncode == 0, done.stderr
    units = tmp_path / "etc/systemd/system"
    assert "DynamicUser=yes" in (units / "afterword.service").read_text()
    assert (units / "multi-user.target.wants/afterword.service").is_symlink()
    drop_in = (units / "afterword.service.d/credentials.conf").read_text()
    assert "LoadCredential=ada-mail:/etc/credstore/ada-mail" in drop_in
    assert "systemd-creds encrypt --name=ada-mail" in done.stdout

    gone = _service("remove", "--system", "--root", tmp_path, home=tmp_path)
    assert gone.returncode == 0, gone.stderr
    assert [path for path in units.rglob("*") if not path.is_dir()] == []
    assert (tmp_path / "etc/afterword/ada.toml").read_text() == CONFIG


@systemctl
def test_a_unit_for_one_user_of_the_machine(tmp_path: Path) -> None:
    done = _service("install", "--system", "--run-as", "ada", "--root", tmp_path, home=tmp_path)
    assert done.returncode == 0, done.stderr
    units = tmp_path / "etc/systemd/system"
    assert "User=%i" in (units / "afterword@.service").read_text()
    assert (units / "multi-user.target.wants/afterword@ada.service").is_symlink()


@systemctl
def test_a_unit_that_somebody_else_wrote_stays(tmp_path: Path) -> None:
    unit = tmp_path / "etc/systemd/system/afterword.service"
    unit.parent.mkdir(parents=True)
    unit.write_text("[Service]\nExecStart=/bin/true\n")
    done = _service("install", "--system", "--root", tmp_path, home=tmp_path)
    assert done.returncode == 78
    assert "move it away first" in done.stderr
    _service("remove", "--system", "--root", tmp_path, home=tmp_path)
    assert unit.read_text() == "[Service]\nExecStart=/bin/true\n"


def test_where_no_systemd_can_be_asked_the_unit_is_written_and_not_started(tmp_path: Path) -> None:
    done = _service("install", home=tmp_path)
    assert done.returncode == 69
    unit = tmp_path / ".config/systemd/user/afterword.service"
    assert f"ExecStart={AFTERWORD} run" in unit.read_text()
    assert "nothing was enabled or started" in done.stdout
    assert "afterword run" in done.stdout
    seen = _service("status", home=tmp_path)
    assert seen.returncode == 69
    assert "is in place" in " ".join(seen.stderr.split())
    gone = _service("remove", home=tmp_path)
    assert gone.returncode == 0
    assert not unit.exists()


def test_options_that_make_no_sense_together_are_refused(tmp_path: Path) -> None:
    done = _service("install", "--run-as", "ada", home=tmp_path)
    assert done.returncode == 64
    done = _service("install", "--system", "--run-as", "a/b", "--root", tmp_path, home=tmp_path)
    assert done.returncode == 64
