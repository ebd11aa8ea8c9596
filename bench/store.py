"""The store under 10,000 invites: written, written again, searched by range; and what one journal entry costs.

python bench/store.py [--invites 10000] [--url postgresql://...]
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connectors.model import CalendarDelta, Event, Invite, Method, Person, Window
from daemon.core.facts import Intent, Settled
from daemon.store.store import Store

NOW = datetime(2026, 11, 20, 16, tzinfo=UTC)
DAY = timedelta(days=1)


def invite(n: int) -> Invite:
    """One of a calendar that is spread over three years, a hundredth of it series."""
    start = NOW + timedelta(hours=(n * 37) % 26_000 - 13_000)
    people = tuple(Person(f"person{k}@example.com", f"Person {k}") for k in range(4))
    event = Event(
        uid=f"uid-{n}@example.com",
        start=start,
        end=start + timedelta(hours=1),
        summary=f"Meeting {n}",
        description="What it is about. " * 20,
        organizer=people[0],
        attendees=people,
        recurs=n % 100 == 0,
    )
    return Invite(key=f"{n}.ics", uid=event.uid, method=Method.PUBLISH, events=(event,))


def timed(what: str, work: Callable[[], object]) -> None:
    """Print wall and CPU time of one piece of work."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    print(f"{what:<44} {time.perf_counter() - wall:8.3f} s wall {time.process_time() - cpu:8.3f} s CPU   {result}")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--invites", type=int, default=10_000)
    parser.add_argument("--url", default="")
    chosen = parser.parse_args()
    every = tuple(invite(n) for n in range(chosen.invites))
    window = Window(NOW - 900 * DAY, NOW + 900 * DAY)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "afterword.sqlite"
        with Store.open(chosen.url or path, now=NOW) as store:
            account = store.account("bench")

            def take(delta: CalendarDelta) -> str:
                account.apply_delta("work", delta, window, NOW)
                return f"{len(delta.invites)} invites"

            def journal(entries: int) -> str:
                for n in range(entries):
                    entry = account.begin(f"k{n}", Intent.CREATE, NOW, "f")
                    account.settle(entry.id, Settled.DONE, NOW)
                return f"{entries} intents and outcomes, each on the disk"

            timed("first delta", lambda: take(CalendarDelta(every, (), "1", full=True)))
            timed("the same again, in full", lambda: take(CalendarDelta(every, (), "2", full=True)))
            timed("one changed invite", lambda: take(CalendarDelta(every[:1], (), "3", full=False)))
            timed("range of 4 days", lambda: f"{len(account.invites_between(NOW - 3 * DAY, NOW + DAY))} invites")
            timed("range of 44 days", lambda: f"{len(account.invites_between(NOW - 14 * DAY, NOW + 30 * DAY))} invites")
            timed("journal", lambda: journal(100))
        if path.exists():
            timed("open", lambda: Store.open(path, now=NOW).close())
            print(f"file {path.stat().st_size / 1e6:.1f} MB")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
