"""The owner's desktop: org.freedesktop.Notifications over D-Bus (Desktop Notifications Specification 1.2)."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch
from typing import Any, Final

from jeepney import DBusAddress, DBusErrorResponse, MessageType, new_method_call
from jeepney.auth import AuthenticationError as BusRefused
from jeepney.io.blocking import open_dbus_connection
from jeepney.io.common import RouterClosed
from jeepney.wrappers import unwrap_msg

from connectors.errors import ConnectorError, TemporaryError
from connectors.model import CheckLine, Note

_SERVER: Final = DBusAddress(
    "/org/freedesktop/Notifications",
    bus_name="org.freedesktop.Notifications",
    interface="org.freedesktop.Notifications",
)
_SECONDS: Final = 5.0
_URGENT: Final = 2
_NORMAL: Final = 1
_REMEDY: Final = "run the service in your own session (`afterword service install --user`), or use another notifier"


@dataclass(frozen=True, slots=True)
class DesktopNotifier:
    """Shows who and when; a screen may be seen by others, so never a draft's text."""

    name: str
    account: str = ""

    def notify(self, note: Note) -> None:
        """Raises TemporaryError where no desktop is there to show it."""
        hints = {"urgency": ("y", _URGENT if note.urgent else _NORMAL), "category": ("s", "email")}
        # The body may be read as markup (specification, 'Markup'); what stands in it comes from invites.
        body = html.escape(note.brief, quote=False)
        values: tuple[Any, ...] = ("Afterword", 0, "mail-unread", note.subject, body, [], hints, -1)
        self._call("Notify", "susssasa{sv}i", values, "notify")

    def check(self, *, write: bool = False) -> Sequence[CheckLine]:  # noqa: ARG002 (asking the server is enough)
        """Whether a notification server answers."""
        try:
            name, _, version, _ = self._call("GetServerInformation", "", (), "check")
        except ConnectorError as error:
            return (CheckLine("desktop", "failing", error.message, error.remedy),)
        return (CheckLine("desktop", "ok", f"{name} {version}"),)

    def close(self) -> None:
        """Each note has a connection of its own."""

    def _call(self, method: str, signature: str, values: tuple[Any, ...], operation: str) -> tuple[Any, ...]:
        try:
            with open_dbus_connection(bus="SESSION") as bus:
                reply = bus.send_and_get_reply(new_method_call(_SERVER, method, signature, values), timeout=_SECONDS)
                answer: tuple[Any, ...] = unwrap_msg(reply)
        except Exception as error:
            text = meaning(error)
            if text is None:
                raise
            raise TemporaryError(text, account=self.account, operation=operation, remedy=_REMEDY) from None
        if reply.header.message_type is not MessageType.method_return:
            msg = "the desktop gave no proper answer"
            raise TemporaryError(msg, account=self.account, operation=operation)
        return answer


@singledispatch
def meaning(_error: BaseException) -> str | None:
    """What an exception of jeepney or the socket means, in words; None for a bug of ours."""
    return None


@meaning.register
def _(_error: DBusErrorResponse) -> str:
    return "no desktop shows notifications"


@meaning.register(OSError)
@meaning.register(KeyError)
@meaning.register(RouterClosed)
@meaning.register(BusRefused)
@meaning.register(ValueError)
def _(_error: BaseException) -> str:
    # KeyError and ValueError are jeepney's answers to a session without a bus, or with an address it cannot read.
    return "there is no desktop session to show it in"
