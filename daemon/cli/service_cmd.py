"""`afterword service`: put the units in place, look at them, and take them away again."""

import getpass
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from config import paths
from config.dump import as_data
from config.errors import ConfigError
from config.load import load_all
from daemon.cli.explain_cmd import plain
from daemon.cli.told import EX_CONFIG, Told
from daemon.setup import units

EX_UNAVAILABLE = 69
"""sysexits(3): a service is not there; here systemd."""
BOOTED = Path("run/systemd/system")
"""sd_booted(3)."""
SYSTEMCTL_SECONDS = 60

app = typer.Typer(help="Install, look at or remove the service.", no_args_is_help=True)

System = Annotated[
    bool, typer.Option("--system/--user", help="For the machine, as root; or for yourself (the default).")
]
RunAs = Annotated[
    str, typer.Option("--run-as", metavar="USER", help="With --system: serve this user's Maildir (afterword@USER).")
]
Root = Annotated[
    Path | None, typer.Option("--root", metavar="FOLDER", help="Work in this tree (an image); starts nothing.")
]


@dataclass(frozen=True)
class Place:
    """Where one unit goes, and by which manager it is run."""

    system: bool
    run_as: str
    root: Path | None

    @property
    def unit(self) -> str:
        """The unit's file."""
        return "afterword@.service" if self.run_as else "afterword.service"

    @property
    def instance(self) -> str:
        """What is enabled and started."""
        return f"afterword@{self.run_as}.service" if self.run_as else "afterword.service"

    @property
    def folder(self) -> Path:
        """Where the administrator's own units lie (systemd.unit(5))."""
        if self.system:
            return self.below("etc/systemd/system")
        base = os.environ.get("XDG_CONFIG_HOME", "")
        return (Path(base) if base else Path.home() / ".config") / "systemd" / "user"

    @property
    def file(self) -> Path:
        """The unit that `install` writes."""
        return self.folder / self.unit

    @property
    def drop_in(self) -> Path:
        """What `install` adds for the credentials."""
        return self.folder / f"{self.instance}.d" / "credentials.conf"

    @property
    def config(self) -> Path:
        """The folder of config files that the unit reads."""
        if self.system:
            return self.below("etc/afterword") / self.run_as
        return paths.config_path()

    def below(self, path: str) -> Path:
        """A path of the tree that is worked in."""
        return (self.root or Path("/")) / path

    def packaged(self) -> bool:
        """Whether a package brought the unit."""
        folders = ("usr/lib/systemd/system", "lib/systemd/system")
        return self.system and any((self.below(folder) / self.unit).exists() for folder in folders)

    def systemctl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Ask the manager."""
        where = [f"--root={self.root}"] if self.root else [] if self.system else ["--user"]
        return subprocess.run(  # noqa: S603 (argv of our own, no shell)
            [shutil.which("systemctl") or "systemctl", *where, *arguments],
            check=False,
            capture_output=True,
            text=True,
            timeout=SYSTEMCTL_SECONDS,
        )

    def manager(self) -> str:
        """Why the manager cannot be asked, or empty."""
        if shutil.which("systemctl") is None or (self.root is None and not Path("/", BOOTED).exists()):
            return "no systemd runs here"
        if not self.system and self.systemctl("show-environment").returncode != 0:
            return "your user's systemd cannot be reached (it runs after a login, or: loginctl enable-linger)"
        return ""


@app.command()
def install(
    system: System = False,
    run_as: RunAs = "",
    root: Root = None,
    start: Annotated[bool, typer.Option("--start/--no-start", help="Start it at once.")] = True,
) -> int:
    """Write the unit, enable and start it, and say what it may do."""
    place = _place(system=system, run_as=run_as, root=root)
    console = Console(soft_wrap=True)
    trouble = place.manager()
    version = units.version_in("" if trouble else place.systemctl("--version").stdout)
    if place.packaged():
        console.print(f"The package brought {plain(place.unit)}; it is used as it is.")
    else:
        program = _program()
        if system and units.hidden_from_system(program):
            message = (
                f"{program} lies in a home folder, which a system unit does not see: install the package, or a venv "
                "below /opt, or use `afterword service install --user`"
            )
            raise Told(message, EX_CONFIG)
        _write(place.file, units.fitted(units.shipped("system" if system else "user", place.unit), program, version))
        console.print(f"Written: {plain(str(place.file))}")
    if system:
        _write_credentials(console, place)
    _explain(console, place)
    if trouble:
        console.print(f"[yellow]![/] {trouble}: the unit is in place, but nothing was enabled or started.")
        console.print("  Without systemd, let your supervisor run `afterword run`; it stays in the foreground.")
        return EX_UNAVAILABLE
    verbs = ["enable", "--now"] if start and root is None else ["enable"]
    if root is None:
        _must(place, "daemon-reload")
    _must(place, *verbs, place.instance)
    console.print(f"[green]✓[/] {plain(place.instance)} {'runs' if '--now' in verbs else 'starts at the next boot'}.")
    return 0


@app.command()
def status(system: System = False, run_as: RunAs = "") -> int:
    """Show what the service manager says. Exit code as systemctl's: 0 running, 3 not, 4 no such unit."""
    place = _place(system=system, run_as=run_as, root=None)
    trouble = place.manager()
    if trouble:
        written = "is in place" if place.file.exists() or place.packaged() else "is not installed"
        message = f"{trouble}; {place.file} {written}"
        raise Told(message, EX_UNAVAILABLE)
    said = place.systemctl("status", "--no-pager", "--full", place.instance)
    typer.echo(said.stdout or said.stderr, nl=False)
    return said.returncode


@app.command()
def remove(system: System = False, run_as: RunAs = "", root: Root = None) -> int:
    """Stop and disable the service and remove its unit. Configuration, state and mailbox stay."""
    place = _place(system=system, run_as=run_as, root=root)
    console = Console(soft_wrap=True)
    trouble = place.manager()
    there = place.file.exists() or place.packaged()
    if not trouble and there:
        _must(place, "disable", *([] if root else ["--now"]), place.instance)
    for path in (place.drop_in, place.file):
        if not path.exists():
            continue
        if not path.read_text(encoding="utf-8", errors="replace").startswith(units.MARK):
            console.print(f"[yellow]![/] {plain(str(path))} is not by `service install`: left in place.")
            continue
        path.unlink()
        console.print(f"Removed: {plain(str(path))}")
        if path == place.drop_in and not any(path.parent.iterdir()):
            path.parent.rmdir()
    if not trouble and root is None:
        _must(place, "daemon-reload")
    if not there:
        console.print("There was no service to remove.")
    if place.packaged():
        console.print("The unit itself belongs to the package: apt remove afterword")
    folder = f"var/lib/afterword-{run_as}" if run_as else "var/lib/afterword"
    state = place.below(folder) if system else paths.state_dir()
    console.print(f"What stays: the configuration in {plain(str(place.config))} and the state in {plain(str(state))}.")
    console.print("`afterword forget --all` empties the state. Drafts in the mailbox are yours.")
    return 0


def _place(*, system: bool, run_as: str, root: Path | None) -> Place:
    if (run_as or root) and not system:
        message = "--run-as and --root go with --system"
        raise typer.BadParameter(message)
    if run_as and not run_as.replace("-", "").replace("_", "").replace(".", "").isalnum():
        message = f"{run_as} is no user name"
        raise typer.BadParameter(message, param_hint="--run-as")
    if system and root is None and os.geteuid() != 0:
        message = "--system needs root: sudo afterword service ... --system, or leave it out to serve yourself"
        raise Told(message, 77)
    return Place(system, run_as, root)


def _program() -> Path:
    """The console script by which this very process was called, else the one beside the interpreter."""
    called = Path(sys.argv[0])
    candidates = [called if called.name == "afterword" else None, Path(sys.executable).with_name("afterword")]
    for candidate in candidates:
        if candidate is not None and candidate.is_file():
            return candidate.absolute()
    found = shutil.which("afterword")
    if found is None:
        message = "the command `afterword` is not on the PATH: install it with pipx, uv tool or the package"
        raise Told(message, EX_CONFIG)
    return Path(found).absolute()


def _write(path: Path, text: str) -> None:
    if path.exists() and not path.read_text(encoding="utf-8", errors="replace").startswith(units.MARK):
        message = f"{path} is there and was not written by `service install`: move it away first"
        raise Told(message, EX_CONFIG)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.new")
        partial.write_text(text, encoding="utf-8")
        partial.chmod(0o644)
        partial.replace(path)
    except OSError as error:
        message = f"{path}: {error.strerror}"
        raise Told(message, 73) from None


def _write_credentials(console: Console, place: Place) -> None:
    try:
        names = units.credential_names(as_data(account) for account in load_all(place.config))
    except ConfigError as error:
        console.print(f"[yellow]![/] {plain(str(error.problems[0]))}")
        console.print("  Install again after the configuration is there, so that its credentials are loaded.")
        return
    if not names:
        return
    stored = frozenset(n for n in names if (place.below("etc/credstore.encrypted") / n).exists())
    _write(place.drop_in, units.credentials_drop_in(names, stored))
    console.print(f"Written: {plain(str(place.drop_in))}")
    for name in names:
        if name not in stored and not (place.below("etc/credstore") / name).exists():
            console.print(f"[yellow]![/] the credential {name} is missing; store it with:")
            console.print(f"  systemd-creds encrypt --name={name} - /etc/credstore.encrypted/{name}", markup=False)


def _explain(console: Console, place: Place) -> None:
    who = place.run_as or ("a user made for it" if place.system else getpass.getuser())
    console.print(f"It runs as {plain(who)}, reads {plain(str(place.config))}, and writes only its state folder")
    console.print("and your mailbox. Logs: journalctl " + ("" if place.system else "--user ") + f"-u {place.instance}")
    if not place.system and place.root is None:
        console.print("To keep it running while you are logged out: loginctl enable-linger")


def _must(place: Place, *arguments: str) -> None:
    done = place.systemctl(*arguments)
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())
        message = f"systemctl {' '.join(arguments)}: {said}"
        raise Told(message, EX_UNAVAILABLE)
