"""What `afterword check` says about a server: the line, what it can do, and which folder is which."""

from collections.abc import Iterator

from connectors.imap.connection import Connection, Security, Server
from connectors.imap.roles import Roles
from connectors.model import CheckLine, Place

_WORDS = {
    Security.TLS: "TLS",
    Security.STARTTLS: "STARTTLS",
    Security.PLAIN: "without TLS, as `allow_insecure` says",
}


def server_lines(server: Server, connection: Connection) -> Iterator[CheckLine]:
    """How the server was reached, and which of its extensions are missed."""
    yield CheckLine("connection", "ok", f"{server.host}:{server.port}, {_WORDS[server.security]}, logged in")
    features = connection.features
    if not features.idle:
        yield CheckLine("push", "warning", "the server has no IDLE: it is polled")
    if not features.uidplus:
        yield CheckLine(
            "removing drafts",
            "warning",
            "the server has no UIDPLUS: a draft that is replaced is marked as deleted and stays until it is expunged",
        )


def folder_lines(roles: Roles) -> Iterator[CheckLine]:
    """Which folder is which, and what to do where one is missing."""
    for name in roles.missing:
        yield CheckLine("folders", "failing", f"{name} is not there", "correct `folders` in the config")
    for place in (Place.DRAFTS, Place.SENT, Place.TRASH):
        folder = roles.by_place.get(place)
        if folder is not None:
            yield CheckLine(f"{place} folder", "ok", folder.name)
        elif place is Place.SENT:
            yield CheckLine(
                "sent folder",
                "warning",
                "none found: without it a mail that you sent cannot be known as sent",
                "set `folders.sent` to where your mail program keeps sent mail",
            )
        else:
            detail = "none yet: it is made with the first draft" if place is Place.DRAFTS else "none"
            yield CheckLine(f"{place} folder", "ok", detail)
    yield CheckLine("inbox", "ok", f"{len(roles.receiving)} folders receive mail")
