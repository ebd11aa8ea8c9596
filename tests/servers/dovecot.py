"""A Dovecot of one's own: loopback ports, a folder of its own, any user (root or not). Debian: dovecot-imapd."""

import base64
import contextlib
import getpass
import grp
import imaplib
import os
import shutil
import signal
import smtplib
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.servers.certificates import Authority, Leaf

PASSWORD = "right horse"

_CONFIG = """\
base_dir = {run}
state_dir = {run}
log_path = {log}
protocols = imap{lmtp_protocol}
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain login {mechanisms}
auth_failure_delay = 0
auth_cache_size = 0
default_internal_user = {internal}
default_login_user = {login}
default_internal_group = {group}
first_valid_uid = 1
first_valid_gid = 0
mail_uid = {mail}
mail_gid = {mail_gid}
mail_location = maildir:~/Maildir
mail_fsync = never
mail_max_userip_connections = 4000
imap_capability = {capability}
mail_plugins = quota{compress}
protocol imap {{
  mail_plugins = quota imap_quota{compress_imap}
}}
plugin {{
  quota = count:User quota
  quota_vsizes = yes
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Drafts {{
    auto = create
    special_use = \\Drafts
  }}
  mailbox Sent {{
    auto = create
    special_use = \\Sent
  }}
  mailbox Trash {{
    auto = create
    special_use = \\Trash
  }}
  mailbox Junk {{
    auto = create
    special_use = \\Junk
  }}
}}
{lmtp}{oauth}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {users}/%u
}}
userdb {{
  driver = passwd-file
  args = {users}/%u
  default_fields = home={homes}/%u
}}
service imap-login {{
  chroot =
  client_limit = 3000
  process_min_avail = 1
  service_count = 0
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service imap {{
  process_limit = 3000
  client_limit = {imap_clients}
  service_count = 1000
}}
service anvil {{
  chroot =
  client_limit = 8000
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  client_limit = 10000
}}
service stats {{
  chroot =
}}
"""

_LMTP = """\
postmaster_address = postmaster@example.org
hostname = mx.example.org
service lmtp {{
  inet_listener lmtp {{
    port = {port}
  }}
}}
"""

_OAUTH_PASSDB = """\
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth.conf
}}
"""


def available() -> bool:
    """Whether Dovecot is installed."""
    return _binary() is not None


def delivers() -> bool:
    """Whether its LMTP server (Debian: dovecot-lmtpd) is installed, too."""
    return available() and Path("/usr/lib/dovecot/lmtp").exists()


def free_port() -> int:
    """A loopback port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _binary() -> str | None:
    return shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")


@dataclass(frozen=True)
class User:
    """A login of the test server, and the Maildir behind it."""

    name: str
    password: str
    maildir: Path


class Dovecot:
    """One server. Users are made as tests need them, so that tests sharing a server stay out of each other's way."""

    def __init__(
        self,
        folder: Path,
        *,
        capability: str = "",
        leaf: Leaf | None = None,
        imap_clients: int = 1,
        compress: bool = True,
        oauth: bool = True,
        lmtp: bool = False,
    ) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        self.authority = Authority(folder / "tls")
        self.leaf = leaf or self.authority.issue("server")
        self.port = free_port()
        self.tls_port = free_port()
        self.lmtp_port = free_port() if lmtp else 0
        self._homes = folder / "homes"
        self._homes.mkdir(exist_ok=True)
        self._users = folder / "users"
        self._users.mkdir(exist_ok=True)
        self._root = os.geteuid() == 0
        me = getpass.getuser()
        self._mail_user = "nobody" if self._root else me
        self._process: subprocess.Popen[bytes] | None = None
        self._oauth_key = b"a key that only tests use, 32 by"
        (folder / "run").mkdir(exist_ok=True)
        if oauth:
            self._write_oauth()
        (folder / "dovecot.conf").write_text(
            _CONFIG.format(
                run=folder / "run",
                log=folder / "dovecot.log",
                certificate=self.leaf.certificate,
                key=self.leaf.key,
                internal="dovecot" if self._root else me,
                login="dovenull" if self._root else me,
                group="dovecot" if self._root else grp.getgrgid(os.getegid()).gr_name,
                mail=self._mail_user,
                mail_gid="nogroup" if self._root else os.getegid(),
                capability=capability,
                users=self._users,
                homes=self._homes,
                port=self.port,
                tls_port=self.tls_port,
                imap_clients=imap_clients,
                compress=" zlib" if compress else "",
                compress_imap=" imap_zlib" if compress else "",
                mechanisms="xoauth2 oauthbearer" if oauth else "",
                lmtp_protocol=" lmtp" if lmtp else "",
                lmtp=_LMTP.format(port=self.lmtp_port) if lmtp else "",
                oauth=_OAUTH_PASSDB.format(folder=folder) if oauth else "",
            )
        )

    def _write_oauth(self) -> None:
        keys = self.folder / "keys" / "default" / "HS256"
        keys.mkdir(parents=True, exist_ok=True)
        (keys / "default").write_bytes(base64.b64encode(self._oauth_key))
        (self.folder / "oauth.conf").write_text(
            "introspection_mode = local\n"
            f"local_validation_key_dict = fs:posix:prefix={self.folder / 'keys'}/\n"
            "username_attribute = sub\n"
        )

    @property
    def oauth_key(self) -> bytes:
        """The HS256 key with which a test signs a token that this server takes."""
        return self._oauth_key

    def _write_user(self, name: str, line: str) -> None:
        # A file for each: Dovecot looks at a passwd-file it knows once a second at most.
        fresh = self._users / f".{name}"
        fresh.write_text(line + "\n")
        fresh.chmod(0o644)
        fresh.rename(self._users / name)

    def add_user(self, name: str, *, password: str = PASSWORD, quota: str = "") -> User:
        """A new login; `quota` is a rule such as `storage=10k`."""
        extra = f"userdb_quota_rule=*:{quota}" if quota else ""
        self._write_user(name, f"{name}:{{PLAIN}}{password}::::::{extra}")
        home = self._homes / name
        home.mkdir(exist_ok=True)
        if self._root:
            shutil.chown(home, self._mail_user)
        return User(name, password, home / "Maildir")

    def deliver(self, name: str, message: bytes, *, sender: str) -> None:
        """Hand a message over as a mail exchanger does (LMTP, RFC 2033), to a user whose name is their address."""
        with smtplib.LMTP("127.0.0.1", self.lmtp_port, timeout=20) as line:
            refused = line.sendmail(sender, [name], message)
        assert refused == {}

    def revoke(self, name: str) -> None:
        """From now on the login is refused and living sessions are cut."""
        self._write_user(name, f"{name}:{{PLAIN}}revoked {time.monotonic()}::::::")
        time.sleep(1.1)  # until Dovecot has looked at the file again
        self.kick(name)

    def kick(self, name: str) -> None:
        """End every session of a user."""
        self.doveadm("kick", name)

    def doveadm(self, *arguments: str, timeout: float = 20) -> str:
        """Run doveadm with this server's configuration."""
        binary = shutil.which("doveadm") or "/usr/bin/doveadm"
        done = subprocess.run(
            [binary, "-c", str(self.folder / "dovecot.conf"), *arguments],
            capture_output=True,
            check=False,
            timeout=timeout,
        )
        return (done.stdout + done.stderr).decode(errors="replace")

    def start(self) -> Self:
        """Start and wait until a login is answered; raises RuntimeError with the log if it never is."""
        binary = _binary()
        assert binary is not None
        self._process = subprocess.Popen(
            [binary, "-F", "-c", str(self.folder / "dovecot.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                imaplib.IMAP4("127.0.0.1", self.port, timeout=5).logout()
                return self
            if self._process.poll() is not None:
                break
            time.sleep(0.02)
        log = self.folder / "dovecot.log"
        raise RuntimeError(log.read_text() if log.exists() else "dovecot did not start and left no log")

    def stop(self) -> None:
        """Stop it, connections included."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._process = None

    def restart(self) -> None:
        """Stop and start on the same ports."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
