"""From a clean Debian 12 to a running service, with the documented commands alone; prints each with its time.

By hand, as root on Linux: `python tests/system/fresh.py --deb dist/afterword_*.deb`. It needs what boot.py needs, and a
Debian mirror, because `apt install` fetches Python. A Dovecot in the same tree plays the provider; putting it there is
not counted. The person at the terminal is `guest/newcomer.py`.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from boot import HERE, boot, build, commit

PACKAGES = "systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,ca-certificates,dovecot-imapd"
INSTALL = "apt-get update -q && apt-get install -y -q /root/afterword.deb"


def main() -> int:
    """Build, install, boot; 0 if the newcomer got there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deb", type=Path, required=True, help="The package, from `make deb`.")
    parser.add_argument("--tree", type=Path, help="A tar of the Debian tree, to save the half minute of building it.")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="afterword-fresh-") as folder:
        root = Path(folder) / "root"
        root.mkdir()
        build(root, chosen.tree, PACKAGES)
        python = (root / "usr/bin/python3").exists()
        shutil.copy(chosen.deb, root / "root" / "afterword.deb")
        print(f"date     {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
        print(f"commit   {commit()}")
        print(f"before   Debian 12, minimal, python3 {'is there' if python else 'is not there'}")
        print(f"install  {_install(root):.0f} s: {INSTALL}", flush=True)
        shutil.copy(HERE / "guest" / "newcomer.py", root / "root" / "guest.py")
        shutil.copy(HERE / "guest" / "guest.service", root / "etc/systemd/system/guest.service")
        wants = root / "etc/systemd/system/multi-user.target.wants"
        wants.mkdir(parents=True, exist_ok=True)
        (wants / "guest.service").symlink_to("../guest.service")
        boot(root)
        report = root / "root" / "report"
        text = report.read_text() if report.exists() else "FAIL     the guest wrote nothing\n"
        print(text, end="")
    return 0 if "the end" in text else 1


def _install(root: Path) -> float:
    """Seconds that the installation took, with this machine's own way to a mirror."""
    for name in ("etc/resolv.conf", "etc/hosts"):
        shutil.copy(Path("/", name), root / name)
    for path in Path("/etc/apt/apt.conf.d").iterdir():
        shutil.copy(path, root / "etc/apt/apt.conf.d" / path.name)
    started = time.monotonic()
    subprocess.run(["chroot", root, "sh", "-c", INSTALL], check=True, capture_output=True)
    return time.monotonic() - started


if __name__ == "__main__":
    sys.exit(main())
