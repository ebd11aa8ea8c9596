"""How fast recognition is: 10,000 ordinary events, and a closer look at one interview. `python bench/sift.py`."""

import random
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from connectors.model import Event, PartStat, Person
from daemon.core.model import Owner
from daemon.core.recognise import assess

EVENTS = 10_000
OWNER = Owner(
    frozenset({"robin@myfirm.example", "robin.alder@letterpost.example"}), ZoneInfo("Europe/London"), name="Robin Alder"
)
START = datetime(2026, 5, 12, 9, tzinfo=UTC)
TITLES = (
    "Weekly sync",
    "Dentist",
    "Sprint planning",
    "Lunch with Kim",
    "1:1 Robin / Kim",
    "Team retro",
    "Focus time",
    "Budget review Q3",
    "Wochentermin",
    "Réunion d'équipe",
    "Piano lesson",
    "Project Atlas status",
    "Dinner",
    "All hands",
    "Training session",
    "Call with supplier",
    "Entrega informe",
    "Riunione",
    "チーム定例",
    "周会",
)
TEXTS = (
    "",
    "Agenda: status, risks, next steps.",
    "Join with Google Meet: https://meet.google.com/abc-defg-hij",
    "Please bring the numbers for the last quarter, and think about what we want to change in the process. " * 4,
    "Bitte die Zahlen vom letzten Monat mitbringen.",
    "Merci de préparer vos points.",
)
INTERVIEW = """Hi Robin,

thank you for applying for the Data Platform Engineer position. You will meet Ola Berg (Engineering
Manager) and Tim Oke.

9:00 - 9:45 System design with Ola Berg
9:45 - 10:30 Coding with Tim Oke

Best,
Jess Hart
Recruiting Coordinator
"""


def ordinary(number: int, dice: random.Random) -> Event:
    """One event of a working life."""
    people = tuple(
        Person(f"p{dice.randrange(200)}@myfirm.example", f"Person {dice.randrange(200)}", PartStat.ACCEPTED)
        for _ in range(dice.randrange(7))
    )
    start = START + timedelta(hours=number)
    return Event(
        f"u{number}",
        start,
        start + timedelta(minutes=30),
        summary=dice.choice(TITLES),
        description=dice.choice(TEXTS),
        attendees=(*people, Person("robin@myfirm.example", "Robin Alder")),
    )


def main() -> int:
    """Print both figures."""
    dice = random.Random(1)  # noqa: S311 - a fixed sequence, no secret
    events = [ordinary(number, dice) for number in range(EVENTS)]
    interview = Event(
        "i",
        START,
        START + timedelta(hours=2),
        summary="Interview: Data Platform Engineer",
        description=INTERVIEW * 4,
        organizer=Person("jess.hart@quarry-lane.example", "Jess Hart"),
        attendees=(
            Person("ola.berg@quarry-lane.example", "Ola Berg"),
            Person("robin.alder@letterpost.example", "Robin Alder"),
        ),
    )
    begin = time.process_time()
    assess(interview, OWNER)
    print(
        f"first look in a fresh process, lexicon read and compiled: {1000 * (time.process_time() - begin):8.1f} ms CPU"
    )
    begin = time.process_time()
    for _ in range(50):
        assess(interview, OWNER)
    print(f"one interview, closer look:                              {20 * (time.process_time() - begin):8.2f} ms CPU")
    begin = time.process_time()
    found = sum(assess(event, OWNER).interview for event in events)
    print(
        f"{EVENTS:,} ordinary events sifted:                           "
        f"{time.process_time() - begin:8.2f} s CPU, {found} taken for interviews"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
