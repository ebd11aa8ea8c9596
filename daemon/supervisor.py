"""Talking to whoever started the service: readiness, status line and watchdog (sd_notify(3)), and log priorities."""

import logging
import os
import sys
import time
from datetime import timedelta

import sdnotify

PRIORITIES = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}


class Supervisor:
    """Does nothing where no supervisor listens."""

    def __init__(self) -> None:
        self._notifier = sdnotify.SystemdNotifier()
        if self._notifier.socket is not None:
            # A supervisor that does not read must not hold the service up: a report may be lost instead.
            self._notifier.socket.setblocking(False)
        self._status = ""

    def ready(self) -> None:
        """The service is up."""
        self._notifier.notify("READY=1")

    def reloading(self) -> None:
        """The configuration is being read again; `ready` ends it. Type=notify-reload needs the time."""
        microseconds = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._notifier.notify(f"RELOADING=1\nMONOTONIC_USEC={microseconds}")

    def stopping(self) -> None:
        """The step in hand is being finished."""
        self._notifier.notify("STOPPING=1")

    def status(self, text: str) -> None:
        """One line that `systemctl status` shows; said only when it changed."""
        if text != self._status:
            self._status = text
            self._notifier.notify(f"STATUS={text}")

    def alive(self) -> None:
        """Feed the watchdog."""
        self._notifier.notify("WATCHDOG=1")

    @staticmethod
    def watchdog_interval() -> timedelta | None:
        """Half of the time that the watchdog allows; None where there is none, or where it is not for this process."""
        microseconds = os.environ.get("WATCHDOG_USEC", "")
        pid = os.environ.get("WATCHDOG_PID", str(os.getpid()))
        if not microseconds.isdigit() or pid != str(os.getpid()):
            return None
        return timedelta(microseconds=int(microseconds) / 2)


class JournalFormatter(logging.Formatter):
    """Prefixes each line with its syslog priority (sd-daemon(3)); the journal adds the time itself."""

    def format(self, record: logging.LogRecord) -> str:
        priority = PRIORITIES.get(record.levelno, 6)
        return "\n".join(f"<{priority}>{line}" for line in super().format(record).splitlines())


def set_up_logging(level: str) -> None:
    """Log to standard error: with priorities under the journal, with times elsewhere."""
    handler = logging.StreamHandler(sys.stderr)
    if os.environ.get("JOURNAL_STREAM"):
        handler.setFormatter(JournalFormatter("%(name)s: %(message)s"))
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("afterword").setLevel(level.upper())
