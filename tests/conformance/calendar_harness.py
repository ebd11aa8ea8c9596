"""What a connector's tests must offer so that the calendar suite can act as the owner's other calendar programs."""

from typing import Protocol
from zoneinfo import ZoneInfo

from connectors.ports import Calendar

ZONE = ZoneInfo("Europe/Oslo")


class CalendarHarness(Protocol):
    """One empty calendar, and another program's hands on it."""

    def calendar(self) -> Calendar:
        """A connector on the calendar, with ZONE; each call gives a new one, as a restarted service would have."""
        ...

    def put(self, name: str, data: str) -> None:
        """Another program writes the resource of this name: one iCalendar object with one UID, perhaps a broken one."""
        ...

    def remove(self, name: str) -> None:
        """Another program removes it."""
        ...

    def break_connection(self) -> None:
        """Make every further call fail as an outage does, until `mend`."""
        ...

    def mend(self) -> None:
        """End the outage."""
        ...
