"""A folder of .ics files under the calendar suite."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connectors.local.vdir import VdirCalendar
from connectors.ports import Calendar
from tests.conformance.calendar_harness import ZONE


class VdirHarness:
    def __init__(self, folder: Path) -> None:
        self.folder = folder / "calendar"
        self.away = folder / "unmounted"
        self.folder.mkdir()

    def calendar(self) -> Calendar:
        return VdirCalendar(self.folder, ZONE, name="work", account="sam")

    def put(self, name: str, data: str) -> None:
        (self.folder / f"{name}.ics").write_bytes(data.encode())

    def remove(self, name: str) -> None:
        (self.folder / f"{name}.ics").unlink()

    def break_connection(self) -> None:
        self.folder.rename(self.away)

    def mend(self) -> None:
        self.away.rename(self.folder)


@contextmanager
def open_harness(tmp_path: Path) -> Iterator[VdirHarness]:
    yield VdirHarness(tmp_path)
