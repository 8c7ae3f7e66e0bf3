"""A root folder: a whole Debian system in a folder, where programs run as on a computer of its own, without a network.

A root of another processor runs under qemu, which the kernel starts by itself if binfmt_misc knows the processor.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
BINFMT = Path("/proc/sys/fs/binfmt_misc")
QEMU = {"arm64": "aarch64", "amd64": "x86_64"}
EMULATED = {"arm64": "cortex-a72"}
"""Which processor qemu plays: a Raspberry Pi 4's; a Pi 5 has "cortex-a76". With the newest one that qemu 7.2 knows,
OpenBLAS uses its kernels for SME, and their products are wrong there: x.T @ x has values that are not finite."""
MIRROR = "http://deb.debian.org/debian"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
ENTER = """
root="$1"; shift
mount --make-rprivate /
[ -z "${NETWORK_OF_ITS_OWN:-}" ] || ip link set lo up
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
if [ -n "${QEMU_CPU:-}" ]; then
    mount -t tmpfs tmpfs "$root/sys"
    mkdir -p "$root/sys/devices/system/cpu"
    for list in possible present; do echo 0 >"$root/sys/devices/system/cpu/$list"; done
    printf '%s\\n' "$CPUINFO" >"$root/sys/cpuinfo"
    mount --bind "$root/sys/cpuinfo" "$root/proc/cpuinfo"
else
    mount -t sysfs -o ro sysfs "$root/sys"
fi
chroot "$root" "$@"
exit $?
"""
"""The shell stays the first process: a program that changes its user would no longer end with its parent. With an
emulated processor, /sys and /proc/cpuinfo must not describe this computer's: LiteRT crashes when it reads that."""
CPUINFO = """processor\t: 0
BogoMIPS\t: 108.00
Features\t: fp asimd evtstrm crc32 cpuid
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x0
CPU part\t: 0xd08
CPU revision\t: 3
"""
"""What a Cortex-A72 says of one of its cores; one is enough, because emulation is not faster with more."""


class RootUnavailable(Exception):
    """No root can be made or used here. The text says what is missing, in one line."""


def check_roots(architecture: str) -> None:
    """Check that roots of an architecture can be made and used here.

    Raises:
        RootUnavailable: If something is missing.
    """
    if os.geteuid() != 0:
        raise RootUnavailable("Root rights are missing: mounting and chroot need them. Run it with sudo.")
    if missing := [name for name in ("mmdebstrap", "unshare", "setpriv", "ip") if shutil.which(name) is None]:
        package = {"mmdebstrap": "mmdebstrap", "ip": "iproute2"}.get(missing[0], "util-linux")
        raise RootUnavailable(f"{missing[0]} is missing. Install it: sudo apt install {package}")
    if not Path(KEYRING).exists():
        raise RootUnavailable("Debian's keys are missing. Install them: sudo apt install debian-archive-keyring")
    tried = subprocess.run(["unshare", "--mount", "--pid", "--fork", "mount", "--make-rprivate", "/"],
                           capture_output=True, text=True, check=False)  # fmt: skip
    if tried.returncode:
        raise RootUnavailable(f"Nothing can be mounted here: {tried.stderr.strip()}. Allow it, or use a real computer.")
    if QEMU[architecture] != platform.machine():
        entry = BINFMT / f"qemu-{QEMU[architecture]}"
        if not (BINFMT / "status").exists():
            raise RootUnavailable(
                f"binfmt_misc is not mounted on {BINFMT}. Mount it: sudo mount -t binfmt_misc binfmt_misc {BINFMT}"
            )
        if not entry.exists() or not entry.read_text().startswith("enabled"):
            raise RootUnavailable(
                f"The kernel cannot run programs of {architecture} here. "
                "Install qemu: sudo apt install qemu-user-static arch-test"
            )


def make_root(folder: Path, suite: str, architecture: str, packages: Sequence[str], processor: str = "") -> Root:
    """Make a Debian system in `folder`, or use the one that an earlier call finished there.

    Args:
        folder: Where; what an unfinished call left there is removed.
        suite: Debian's name of the release.
        architecture: Debian's name of the processor.
        packages: To install besides the essential ones.
        processor: That qemu plays if `architecture` is not this computer's (default: `EMULATED`).

    Raises:
        RootUnavailable: If it cannot be made or used here.
    """
    check_roots(architecture)
    finished = folder.with_name(f"{folder.name}.finished")
    wanted = f"{suite} {architecture} {' '.join(packages)}\n"
    if not (finished.exists() and finished.read_text() == wanted and folder.is_dir()):
        finished.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["mmdebstrap", "--variant=apt", f"--architectures={architecture}", f"--include={','.join(packages)}",
             f"--keyring={KEYRING}", suite, str(folder), MIRROR],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            reason = [line for line in done.stderr.splitlines() if line.startswith("E:")] or ["no reason given"]
            raise RootUnavailable(f"mmdebstrap made no system: {reason[0]}")
        finished.write_text(wanted)
    if QEMU[architecture] == platform.machine():
        return Root(folder)
    return Root(folder, processor or EMULATED.get(architecture, ""))


class Root:
    """A system in a folder.

    Args:
        folder: Where it is.
        processor: That qemu emulates, if it does; empty is the one that can do most.
    """

    def __init__(self, folder: Path, processor: str = "") -> None:
        self.folder, self._processor = folder, processor

    def path(self, name: str | Path) -> Path:
        """Where a file of the system is on this computer."""
        return self.folder / str(name).lstrip("/")

    def words(self, *words: str, user: str = "root", network: bool = False, folder: str = "/") -> list[str]:
        """Return the command that runs a program in the system. Every process that it starts ends with it."""
        emulated = [f"QEMU_CPU={self._processor}"] if self._processor else []
        steps = [
            *("env", "-i", f"--chdir={folder}", f"HOME={self.home(user)}", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"),
            *("LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", "OPENBLAS_NUM_THREADS=1"),
            *emulated,
        ]
        if user != "root":
            steps = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", *steps]
        own = ["unshare", "--mount", "--pid", *([] if network else ["--net"]), "--fork", "--kill-child"]
        return [
            "env",
            *emulated,
            f"CPUINFO={CPUINFO}",
            f"NETWORK_OF_ITS_OWN={'' if network else 'yes'}",
            *own,
            "sh",
            "-ec",
            ENTER,
            "enter",
            str(self.folder),
            *steps,
            *words,
        ]

    def home(self, user: str) -> str:
        """Return the home folder of a user of the system."""
        for line in self.path("etc/passwd").read_text().splitlines():
            if line.split(":")[0] == user:
                return line.split(":")[5]
        raise RootUnavailable(f"{self.folder} has no user {user}.")

    def run(
        self, *words: str, user: str = "root", network: bool = False, folder: str = "/", timeout_s: float | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end; errors are mixed into its output."""
        if network:
            shutil.copyfile("/etc/resolv.conf", self.path("etc/resolv.conf"))
        return subprocess.run(
            self.words(*words, user=user, network=network, folder=folder),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", check=False, timeout=timeout_s,
        )  # fmt: skip


class Checks:
    """Prints one line for each thing that was checked, and counts those that do not hold."""

    def __init__(self, write: Callable[[str], None] = print) -> None:
        self._write, self.failed = write, 0

    def check(self, what: str, holds: bool, output: str = "") -> bool:
        """Note one result; the output of a program is shown if it does not hold."""
        self.failed += not holds
        self._write(f"{'ok  ' if holds else 'FAIL'}  {what}")
        if not holds and output:
            self._write("".join(f"        {line}\n" for line in output.strip().splitlines()[-30:]))
        return holds
