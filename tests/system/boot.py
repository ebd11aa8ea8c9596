"""Boot a real systemd from Debian packages, install Afterword's package in it, and see what the service does there.

By hand, as root on Linux: `python tests/system/boot.py --deb dist/afterword_*.deb`. It needs mmdebstrap,
systemd-container and util-linux, works in namespaces of its own, and leaves nothing behind but what it printed.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
PACKAGES = "systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,python3,dovecot-imapd"
BOOT = """\
set -eu
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd
mount -t cgroup2 cgroup2 /sys/fs/cgroup
exec systemd-nspawn --quiet --boot --directory "$1" --register=no --keep-unit --private-network --console=pipe
"""


def main() -> int:
    """Build, boot twice (the second time is the reboot), print what the guest wrote; 0 if every line is ok."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deb", type=Path, required=True, help="The package, from `make deb`.")
    parser.add_argument("--tree", type=Path, help="A tar of the Debian tree, to save the half minute of building it.")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="afterword-boot-") as folder:
        root = Path(folder) / "root"
        root.mkdir()
        build(root, chosen.tree, PACKAGES)
        shutil.copy(chosen.deb, root / "root" / "afterword.deb")
        for name in ("guest.py", "slow_proxy.py"):
            shutil.copy(HERE / "guest" / name, root / "root" / name)
        shutil.copy(HERE / "guest" / "guest.service", root / "etc/systemd/system/guest.service")
        shutil.copy(HERE / "guest" / "slow-proxy.service", root / "etc/systemd/system/slow-proxy.service")
        wants = root / "etc/systemd/system/multi-user.target.wants"
        wants.mkdir(parents=True, exist_ok=True)
        (wants / "guest.service").symlink_to("../guest.service")
        (wants / "slow-proxy.service").symlink_to("../slow-proxy.service")
        print(f"date     {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
        print(f"commit   {commit()}")
        report = root / "root" / "report"
        for _ in range(2):
            boot(root)
        text = report.read_text() if report.exists() else "FAIL     the guest wrote nothing\n"
        print(text, end="")
    return 0 if "FAIL" not in text and "the end" in text else 1


def build(root: Path, tree: Path | None, packages: str) -> None:
    """A Debian 12 in this folder, with these packages."""
    if tree is not None:
        subprocess.run(["tar", "-xf", tree, "-C", root], check=True)
        return
    subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={packages}", "bookworm", root], check=True
    )


def commit() -> str:
    """What is tested, in short."""
    said = subprocess.run(
        ["git", "-C", HERE, "rev-parse", "--short", "HEAD"], check=False, capture_output=True, text=True
    )
    return said.stdout.strip()


def boot(root: Path) -> None:
    """Boot the tree and wait until it has shut itself down."""
    done = subprocess.run(
        ["unshare", "-m", "-C", "sh", "-c", BOOT, "boot", root],
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
        errors="replace",
    )
    (root / "root" / "console").write_text(done.stdout + done.stderr)
    if done.returncode:
        print(done.stdout[-3000:], done.stderr[-2000:], file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
