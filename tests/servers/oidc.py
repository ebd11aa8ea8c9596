"""npm's oidc-provider as an authorization server over TLS, and a person with a browser in front of it."""

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests
from filelock import FileLock

from tests.servers.certificates import Authority

HERE = Path(__file__).parent


@dataclass(frozen=True)
class AuthorizationServer:
    """The running server."""

    port: int
    mount: str
    ca_file: Path

    @property
    def issuer(self) -> str:
        return f"https://localhost:{self.port}{self.mount}"

    @property
    def client(self) -> dict[str, str]:
        """The table `installed` of a client file as the Google console gives it."""
        return {
            "client_id": "client-1",
            "client_secret": "client-secret-1",
            "auth_uri": f"{self.issuer}/auth",
            "token_uri": f"{self.issuer}/token",
            "redirect_uris": ["http://localhost"],
        }

    def revoke(self, token: str) -> None:
        """RFC 7009, as the owner does on the provider's account page."""
        client = {"client_id": "client-1", "client_secret": "client-secret-1"}
        done = requests.post(
            f"{self.issuer}/token/revocation", data={"token": token, **client}, verify=self.ca_file, timeout=20
        )
        assert done.status_code == 200

    def visit(self, url: str, *, consent: bool = True) -> str:
        """Log in at the provider's pages and agree, or refuse; gives the address that the browser is sent to."""
        with requests.Session() as browser:
            browser.verify, browser.trust_env = str(self.ca_file), False
            page = _until_a_form(browser, url)
            for _ in range(4):
                if isinstance(page, str):
                    return page
                if not consent:
                    abort = re.search(r'href="([^"]*/abort)"', page.text)
                    assert abort is not None
                    page = _until_a_form(browser, urljoin(page.url, unescape(abort.group(1))))
                    continue
                form = re.search(r'<form[^>]*action="([^"]+)"', page.text)
                assert form is not None
                fields = dict(re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page.text))
                fields |= {"login": "sam", "password": "secret"}
                page = _until_a_form(browser, urljoin(page.url, unescape(form.group(1))), fields)
            raise AssertionError("the login pages do not end")


def _until_a_form(browser: requests.Session, url: str, form: dict[str, str] | None = None) -> "requests.Response | str":
    answer = browser.request("POST" if form else "GET", url, data=form, allow_redirects=False, timeout=20)
    while answer.is_redirect:
        target = urljoin(answer.url, answer.headers["Location"])
        if target.startswith("http://localhost"):
            return target
        answer = browser.get(target, allow_redirects=False, timeout=20)
    assert answer.status_code == 200, answer.text
    return answer


def node() -> str:
    """The program; skips, visibly, where it or the pinned packages are not there."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is not installed (apt install nodejs)")
    # Several workers of one test run may come here at once.
    with FileLock(Path(tempfile.gettempdir()) / "afterword-tests-npm.lock"):
        if not (HERE / "node_modules" / ".package-lock.json").is_file():
            _install()
    return program


def _install() -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed (apt install npm)")
    wanted = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(wanted, cwd=HERE, capture_output=True, check=False, timeout=240)
    if done.returncode:
        pytest.skip("the pinned npm packages cannot be installed: run `npm ci` in tests/servers")


@contextmanager
def authorization_server(folder: Path, scopes: Sequence[str], mount: str = "") -> Iterator[AuthorizationServer]:
    """Run it until the block ends."""
    program = node()
    authority = Authority(folder / "authority")
    leaf = authority.issue("oidc")
    said = {"certificate": str(leaf.certificate), "key": str(leaf.key), "scopes": list(scopes), "mount": mount}
    process = subprocess.Popen(
        [program, str(HERE / "oidc.mjs"), json.dumps(said)],
        cwd=HERE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "the authorization server did not start"
        yield AuthorizationServer(json.loads(line)["port"], mount, authority.ca_file)
    finally:
        process.terminate()
        process.wait(20)
        if process.stdout is not None:
            process.stdout.close()
