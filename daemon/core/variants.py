"""Which of several wordings a draft gets: the same one each time, another for each person of a panel. Pure."""

from collections.abc import Sequence
from hashlib import sha256


def start_of(seed: str, slot: str) -> int:
    """Where in a list of wordings an interview begins: from its id and the slot, so that interviews differ too."""
    return int.from_bytes(sha256(f"{slot}\0{seed}".encode()).digest()[:4])


def choose(wordings: Sequence[str], *, seed: str, slot: str, variant: int) -> str:
    """One of `wordings`. Two variants differ as long as there are more wordings than variants."""
    return wordings[(start_of(seed, slot) + variant) % len(wordings)]
