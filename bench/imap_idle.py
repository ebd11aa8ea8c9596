"""Many idle accounts in one process: selectors, threads and asyncio over the same sockets and the same server.

    python bench/imap_idle.py [--accounts 1000]

A Dovecot of its own with that many users is started; each way runs in a fresh process, watches every inbox over TLS,
and is timed from the moment a message is put into each mailbox.
"""

import argparse
import asyncio
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil
from imapclient import IMAPClient

from connectors.imap.connection import Login, Security, Server, connect, tls_context
from connectors.imap.push import Hub
from tests.servers.dovecot import PASSWORD, Dovecot

Ring = Callable[[], None]
MAIL = b"From: a@example.org\r\nSubject: x\r\nMessage-ID: <%d@example.org>\r\n\r\nx\r\n"


def by_hub(names: list[str], port: int, ca_file: Path, ready: Ring, noticed: Ring) -> None:
    """Afterword's hub: IMAPClient for the login, then one selector for all."""
    hub = Hub()
    server = Server("localhost", port, Security.TLS, ca_file)
    seen: dict[str, int] = {}

    def wake(name: str) -> None:
        seen[name] = seen.get(name, 0) + 1
        (ready if seen[name] == 1 else noticed)()

    for name in names:
        hub.watch(name, partial(connect, server, Login(name, lambda: PASSWORD)), partial(wake, name))


def by_threads(names: list[str], port: int, ca_file: Path, ready: Ring, noticed: Ring) -> None:
    """IMAPClient's own IDLE, a thread for each account."""
    logins = threading.Semaphore(8)

    def run(name: str) -> None:
        with logins:
            client = IMAPClient("localhost", port, ssl_context=tls_context(ca_file))
            client.login(name, PASSWORD)
            client.select_folder("INBOX", readonly=True)
            client.idle()
        ready()
        while True:
            if any(len(line) > 1 and line[1] == b"EXISTS" for line in client.idle_check()):
                noticed()

    for name in names:
        threading.Thread(target=run, args=(name,), daemon=True).start()


def by_asyncio(names: list[str], port: int, ca_file: Path, ready: Ring, noticed: Ring) -> None:
    """asyncio streams with their default buffers."""

    async def run(name: str, logins: asyncio.Semaphore) -> None:
        async with logins:
            reader, writer = await asyncio.open_connection("localhost", port, ssl=tls_context(ca_file))
            await reader.readline()
            for command in (f'a LOGIN {name} "{PASSWORD}"', "b EXAMINE INBOX"):
                writer.write(command.encode() + b"\r\n")
                while not (await reader.readline()).startswith(command[:2].encode()):
                    pass
            writer.write(b"c IDLE\r\n")
            await reader.readline()
        ready()
        while line := await reader.readline():
            if b"EXISTS" in line:
                noticed()

    async def everybody() -> None:
        logins = asyncio.Semaphore(8)
        await asyncio.gather(*(run(name, logins) for name in names))

    threading.Thread(target=asyncio.run, args=(everybody(),), daemon=True).start()


WAYS = {
    "afterword: selectors, one thread": by_hub,
    "imapclient, a thread each": by_threads,
    "asyncio streams": by_asyncio,
}


def child(way: str, accounts: int, port: int, ca_file: Path) -> None:
    """Watch all; say when all idle, then when all have noticed."""
    both = threading.Condition()
    counts = {"ready": 0, "noticed": 0}

    def ring(which: str) -> None:
        with both:
            counts[which] += 1
            if counts[which] >= accounts:
                both.notify_all()

    before = psutil.Process().memory_info().rss
    started = time.perf_counter()
    WAYS[way]([f"u{number}" for number in range(accounts)], port, ca_file, partial(ring, "ready"),
              partial(ring, "noticed"))  # fmt: skip
    for which in ("ready", "noticed"):
        with both:
            both.wait_for(lambda which=which: counts[which] >= accounts, 120)
        rss = psutil.Process().memory_info().rss
        cpu = time.process_time()
        print(which, counts[which], time.perf_counter() - started, rss, rss - before, cpu,
              psutil.Process().num_threads(), flush=True)  # fmt: skip
        sys.stdin.readline()


def main() -> None:
    """Start the server, run every way, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--ca-file", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if arguments.way:
        child(arguments.way, arguments.accounts, arguments.port, arguments.ca_file)
        return
    folder = Path(tempfile.mkdtemp(prefix="afterword-bench-"))
    try:
        with Dovecot(folder, imap_clients=100, oauth=False) as server:
            users = [server.add_user(f"u{number}") for number in range(arguments.accounts)]
            print("| way | threads | kB each | RSS MB | all idle after s | all noticed after s | CPU s | noticed |")
            print("|---|---|---|---|---|---|---|---|")
            for turn, way in enumerate(WAYS):
                command = [sys.executable, __file__, "--way", way, "--accounts", str(arguments.accounts),
                           "--port", str(server.tls_port), "--ca-file", str(server.authority.ca_file)]  # fmt: skip
                with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
                    assert process.stdin is not None
                    assert process.stdout is not None
                    ready = process.stdout.readline().split()
                    time.sleep(2)
                    for user in users:
                        put(user.maildir, turn)
                    arrived = time.perf_counter()
                    process.stdin.write("\n")
                    process.stdin.flush()
                    noticed = process.stdout.readline().split()
                    took = time.perf_counter() - arrived
                    process.stdin.write("\n")
                    process.stdin.flush()
                    process.wait(30)
                print(
                    f"| {way} | {ready[6]} | {int(ready[4]) / 1024 / arguments.accounts:.0f} |"
                    f" {int(ready[3]) / 1e6:.0f} | {float(ready[2]):.1f} | {took:.2f} |"
                    f" {float(noticed[5]) - float(ready[5]):.2f} | {noticed[1]} of {arguments.accounts} |",
                    flush=True,
                )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def put(maildir: Path, number: int) -> None:
    """Deliver one message as an MTA does: written to tmp, renamed into new."""
    name = f"{time.time_ns()}.{number}.bench"
    (maildir / "tmp" / name).write_bytes(MAIL % number)
    if os.geteuid() == 0:
        shutil.chown(maildir / "tmp" / name, "nobody")
    (maildir / "tmp" / name).rename(maildir / "new" / name)


if __name__ == "__main__":
    main()
