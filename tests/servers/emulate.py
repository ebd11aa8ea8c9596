"""npm's emulate as Gmail and Google Calendar: other blood than our own fake. docs/google.md says what it lacks."""

import atexit
import json
import subprocess
from dataclasses import dataclass
from functools import cache
from typing import Any

import httplib2

from tests.servers.oidc import HERE, node

TOKEN = "emulator-token"


@dataclass(frozen=True)
class Emulator:
    """The running emulator of one owner's account."""

    url: str

    def ask(self, verb: str, path: str, body: Any = None) -> Any:
        """As any other client of the API. Gives the answer's JSON; None for 404."""
        raw = None if body is None else json.dumps(body)
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        response, content = httplib2.Http(timeout=20).request(f"{self.url}{path}", verb, body=raw, headers=headers)
        if response.status == 404:
            return None
        assert response.status < 300, content
        return json.loads(content) if content else {}

    def tell(self, what: str) -> None:
        """reset, down or up."""
        httplib2.Http(timeout=20).request(f"{self.url}-/{what}")


@cache
def emulator(email: str) -> Emulator:
    """One for the whole run of the tests, `reset` by whoever takes it. Skips where node or its packages are missing."""
    process = subprocess.Popen(
        [node(), str(HERE / "emulate.mjs"), email],
        cwd=HERE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    atexit.register(_end, process)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, "the emulator did not start"
    return Emulator(f"http://127.0.0.1:{json.loads(line)['port']}/")


def _end(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    process.wait(20)
    if process.stdout is not None:
        process.stdout.close()
