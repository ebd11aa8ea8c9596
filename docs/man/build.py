"""The man page, from the commands themselves. `python docs/man/build.py` writes docs/man/afterword.1 anew."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import typer

from daemon.cli.main import build

PAGE: Final = Path(__file__).with_name("afterword.1")

_HEAD: Final = r"""'\" t
.\" Made by docs/man/build.py from the commands' own help.
.TH AFTERWORD 1 "" "Afterword" "User Commands"
.SH NAME
afterword \- thank-you drafts after job interviews, in your own mailbox
.SH SYNOPSIS
.B afterword
.I COMMAND
.RI [ OPTIONS ]
.SH DESCRIPTION
Afterword reads your calendar invites, notices when a job interview in which you were the candidate has finished, puts
one thank-you draft for each interviewer into your own Drafts folder, and reminds you the next day if a draft is
still unsent. It sends mail to nobody but you.
.PP
Start with
.BR "afterword init" ,
look with
.BR "afterword check" ,
and leave the rest to
.BR "afterword service install" .
"""
_TAIL: Final = r"""
.SH EXIT STATUS
As in
.BR sysexits (3).
.TP
.B 0
Done.
.TP
.B 64
The command line is wrong.
.TP
.B 69
No service manager can be asked.
.TP
.B 75
Something stood in the way; try again later.
.TP
.B 77
A login or a permission is needed.
.TP
.B 78
The configuration has faults; each is named with its remedy.
.SH ENVIRONMENT
.TP
.B AFTERWORD_CONFIG
The config file, or a folder of them.
.TP
.B AFTERWORD_STATE
The folder for the state.
.SH FILES
.TP
.I ~/.config/afterword/*.toml
One file is one person.
.TP
.I /etc/afterword/*.toml
The same for the system's service.
.TP
.I ~/.local/state/afterword/, /var/lib/afterword/
What is remembered: readable by its owner alone.
.SH SEE ALSO
.BR systemd (1),
.BR journalctl (1),
.BR systemd-creds (1)
"""


def render() -> str:
    """The whole page as roff."""
    root: Any = typer.main.get_command(build())
    parts = [_HEAD, ".SH COMMANDS"]
    for path, command in _walk(root, ()):
        parts.append(_command(path, command))
    return "\n".join(parts) + _TAIL


def _walk(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, child in sorted(command.commands.items()):
        if getattr(child, "commands", None):
            yield from _walk(child, (*path, name))
        else:
            yield (*path, name), child


def _command(path: tuple[str, ...], command: Any) -> str:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and p.name != "help"]
    shown = " ".join(_roff(a.metavar or a.name.upper()) for a in arguments)
    lines = [f".SS afterword {' '.join(path)} {shown}".rstrip(), _roff(command.help or "")]
    for parameter in [*arguments, *options]:
        help_text = getattr(parameter, "help", None)
        if not help_text:
            continue
        if parameter.param_type_name == "argument":
            term = rf"\fI{_roff(parameter.metavar or parameter.name.upper())}\fR"
        else:
            names = [*parameter.opts, *parameter.secondary_opts]
            value = "" if parameter.is_flag else rf" \fI{_roff(parameter.metavar or 'TEXT')}\fR"
            term = ", ".join(rf"\fB{_roff(name)}\fR" for name in names) + value
        lines += [".TP", term, _roff(help_text)]
    return "\n".join(lines)


def _roff(text: str) -> str:
    escaped = " ".join(text.split()).replace("\\", r"\e").replace("-", r"\-")
    escaped = re.sub(r"`([^`]*)`", r"\\fB\1\\fR", escaped)
    return re.sub(r"^([.'])", r"\\&\1", escaped)


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
