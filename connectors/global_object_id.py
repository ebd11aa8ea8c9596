"""Exchange's GlobalObjectId and the UID of iCalendar that is in it. Pure.

Source: [MS-OXOCAL] section 2.2.1.27. Exchange packs a foreign UID into an id of its own (`vCal-Uid`), and writes an
instance's date into the id of a series. Both are undone, so that an event has one UID wherever it is read.
"""

import re
from binascii import unhexlify
from datetime import date

_HEAD = "040000008200E00074C5B7101A82E008"
_HEX = re.compile(r"[0-9A-Fa-f]{80,4000}")
_FOREIGN = b"vCal-Uid\x01\x00\x00\x00"


def uid_of(text: str) -> str:
    """The UID: a foreign one unpacked, Exchange's own without an instance's date and in capitals, others as given."""
    stripped = text.strip()
    if not _HEX.fullmatch(stripped) or not stripped.upper().startswith(_HEAD) or len(stripped) % 2:
        return stripped
    raw = unhexlify(stripped)
    data = raw[40:]
    if data.startswith(_FOREIGN):
        return data[len(_FOREIGN) :].rstrip(b"\x00").decode("utf-8", "replace").strip()
    return stripped[:32].upper() + "00000000" + stripped[40:].upper()


def instance_day(text: str) -> date | None:
    """The date of the instance that an id stands for, in the series' own zone; None for a single event or a series."""
    stripped = text.strip()
    if not _HEX.fullmatch(stripped) or not stripped.upper().startswith(_HEAD):
        return None
    year, month, day = int(stripped[32:36], 16), int(stripped[36:38], 16), int(stripped[38:40], 16)
    try:
        return date(year, month, day)
    except ValueError:
        return None
