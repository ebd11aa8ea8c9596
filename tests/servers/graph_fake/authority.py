"""npm's oidc-provider set up as Microsoft's authorization server looks to a public client."""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import requests

from connectors.graph.login import SCOPES
from tests.servers.certificates import Authority
from tests.servers.oidc import HERE, AuthorizationServer, node

MOUNT = "/common/v2.0"


@contextmanager
def microsoft_authority(folder: Path) -> Iterator[AuthorizationServer]:
    """Run it until the block ends. Skips, visibly, where node or the pinned packages are missing."""
    program = node()
    authority = Authority(folder / "authority")
    leaf = authority.issue("oidc")
    said = {"certificate": str(leaf.certificate), "key": str(leaf.key), "scopes": list(SCOPES), "mount": MOUNT}
    process = subprocess.Popen(
        [program, str(Path(__file__).parent / "authority.mjs"), json.dumps(said)],
        cwd=HERE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "the authorization server did not start"
        yield AuthorizationServer(json.loads(line)["port"], MOUNT, authority.ca_file)
    finally:
        process.terminate()
        process.wait(20)
        if process.stdout is not None:
            process.stdout.close()


def browse(server: AuthorizationServer, url: str) -> str:
    """A person who logs in and agrees, whatever the pages ask. The last page's text, or what loopback answered."""
    with requests.Session() as browser:
        browser.verify, browser.trust_env = str(server.ca_file), False
        page = browser.get(url, timeout=20)
        for _ in range(8):
            form = re.search(r'<form[^>]*action="([^"]+)"', page.text)
            if form is None:
                break
            fields = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page.text))
            fields |= {"login": "sam", "password": "secret"} if 'name="login"' in page.text else {}
            page = browser.post(urljoin(page.url, unescape(form.group(1))), data=fields, timeout=20)
        return page.text
