"""Ports that try again: wrappers of the ports' own shape. Only a TemporaryError is worth another try.

Every operation of the ports may be repeated: reading changes nothing, `create_draft` and `deliver_note` are idempotent
by Message-ID, `replace_draft` mends what was cut, `delete_draft` of what is gone is no error. A notifier is not
repeated after its call may have gone through, so it is tried once more only where the server asked to slow down.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_random_exponential

from connectors.errors import RateLimited, TemporaryError
from connectors.model import (
    Address,
    CalendarDelta,
    CheckLine,
    Draft,
    DraftRef,
    Note,
    Observations,
    Probe,
    RepliesDelta,
    Window,
)
from connectors.ports import Calendar, Mailbox, Metered, Notifier, Subscription, Watchable

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call may be retried. Seconds."""

    attempts: int = 4
    first_wait: float = 0.5
    longest_wait: float = 20.0
    """A server that asks for more is left alone until the next cycle."""
    sleep: Callable[[float], None] = time.sleep

    def call(self, operation: Callable[[], _T], *, only: type[TemporaryError] = TemporaryError) -> _T:
        """The operation's result, or its last error. Waits are jittered; a server's own wish is honoured."""
        retrying = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, only) and self._bearable(error)),
            stop=stop_after_attempt(self.attempts),
            wait=self._wait,
            sleep=self.sleep,
            reraise=True,
        )
        return retrying(operation)

    def _bearable(self, error: BaseException) -> bool:
        wish = error.retry_after if isinstance(error, RateLimited) else None
        return wish is None or wish.total_seconds() <= self.longest_wait

    def _wait(self, state: RetryCallState) -> float:
        jittered = wait_random_exponential(multiplier=self.first_wait, max=self.longest_wait)(state)
        error = state.outcome.exception() if state.outcome is not None else None
        wish = error.retry_after if isinstance(error, RateLimited) else None
        return max(jittered, wish.total_seconds()) if wish is not None else jittered


PATIENCE = Patience()


class RetryingMailbox:
    """A Mailbox that tries again; Watchable where the wrapped one is."""

    subscribe: Callable[[Callable[[], None]], Subscription]

    def __init__(self, inner: Mailbox, patience: Patience = PATIENCE) -> None:
        self._inner = inner
        self._call = patience.call
        if isinstance(inner, Watchable):
            self.subscribe = inner.subscribe

    @property
    def name(self) -> str:
        """The wrapped port's name."""
        return self._inner.name

    def check(self, *, write: bool = False) -> Sequence[CheckLine]:
        """Not repeated: the owner is told what is so now."""
        return self._inner.check(write=write)

    def close(self) -> None:
        """See the port."""
        self._inner.close()

    def spent(self) -> Mapping[str, int]:
        """What the wrapped port counted; nothing where it does not count."""
        return self._inner.spent() if isinstance(self._inner, Metered) else {}

    def observe(self, probes: Sequence[Probe]) -> Observations:
        """See the port."""
        return self._call(lambda: self._inner.observe(probes))

    def create_draft(self, draft: Draft) -> DraftRef:
        """See the port."""
        return self._call(lambda: self._inner.create_draft(draft))

    def replace_draft(self, ref: DraftRef, draft: Draft) -> DraftRef:
        """See the port."""
        return self._call(lambda: self._inner.replace_draft(ref, draft))

    def delete_draft(self, ref: DraftRef) -> None:
        """See the port."""
        self._call(lambda: self._inner.delete_draft(ref))

    def deliver_note(self, note: Note) -> None:
        """See the port."""
        self._call(lambda: self._inner.deliver_note(note))

    def owner_replies(self, cursor: str | None, notes: Sequence[str]) -> RepliesDelta:
        """See the port."""
        return self._call(lambda: self._inner.owner_replies(cursor, notes))

    def find_people(self, names: Sequence[str], domains: Sequence[str]) -> Sequence[Address]:
        """See the port."""
        return self._call(lambda: self._inner.find_people(names, domains))


class RetryingCalendar:
    """A Calendar that tries again; Watchable where the wrapped one is."""

    subscribe: Callable[[Callable[[], None]], Subscription]

    def __init__(self, inner: Calendar, patience: Patience = PATIENCE) -> None:
        self._inner = inner
        self._call = patience.call
        if isinstance(inner, Watchable):
            self.subscribe = inner.subscribe

    @property
    def name(self) -> str:
        """The wrapped port's name."""
        return self._inner.name

    def check(self, *, write: bool = False) -> Sequence[CheckLine]:
        """Not repeated: the owner is told what is so now."""
        return self._inner.check(write=write)

    def close(self) -> None:
        """See the port."""
        self._inner.close()

    def spent(self) -> Mapping[str, int]:
        """What the wrapped port counted; nothing where it does not count."""
        return self._inner.spent() if isinstance(self._inner, Metered) else {}

    def pull(self, cursor: str | None, window: Window) -> CalendarDelta:
        """See the port."""
        return self._call(lambda: self._inner.pull(cursor, window))


class RetryingNotifier:
    """A Notifier that waits where it is asked to, and otherwise speaks once."""

    def __init__(self, inner: Notifier, patience: Patience = PATIENCE) -> None:
        self._inner = inner
        self._call = patience.call

    @property
    def name(self) -> str:
        """The wrapped port's name."""
        return self._inner.name

    def check(self, *, write: bool = False) -> Sequence[CheckLine]:
        """Not repeated."""
        return self._inner.check(write=write)

    def close(self) -> None:
        """See the port."""
        self._inner.close()

    def spent(self) -> Mapping[str, int]:
        """What the wrapped port counted; nothing where it does not count."""
        return self._inner.spent() if isinstance(self._inner, Metered) else {}

    def notify(self, note: Note) -> None:
        """See the port."""
        self._call(lambda: self._inner.notify(note), only=RateLimited)
