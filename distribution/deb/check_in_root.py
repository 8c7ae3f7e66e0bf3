"""Install, use, upgrade, remove and purge the package in a clean Debian system, and check each step.

Run as root: `make test-deb`, or `python distribution/deb/check_in_root.py PACKAGE --suite trixie`.

The package is installed without a network. After purge, everything under /etc, /opt and /var has to be what it was
before the installation, byte for byte. A package of another processor runs under qemu: `make test-deb ARCH=arm64`.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from distribution.roots import REPOSITORY, Checks, Root, RootUnavailable, make_root

NAME = "teachable-kiosk"
UNIT = f"etc/systemd/system/{NAME}.service"
SETTINGS, DATA = f"etc/{NAME}/kiosk.toml", f"var/lib/{NAME}"
START_LIMIT_S = 3600
"""Longer than the kiosk's start takes under emulation on a busy computer: only one that hangs reaches it."""
NOT_THE_PACKAGE = re.compile(
    r"var/(lib/(dpkg|apt|systemd)|log|cache)/|etc/(ld\.so\.cache|resolv\.conf|\.pwd\.lock|(passwd|group|g?shadow)-)"
)


def main() -> int:
    """Check one package in one system and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", type=Path, help="the .deb file")
    parser.add_argument("--suite", default="bookworm", help="Debian release (default: bookworm)")
    parser.add_argument("--roots", type=Path, default=REPOSITORY / "build/roots", metavar="DIR")
    parser.add_argument("--keep", action="store_true", help="do not delete the system at the end")
    options = parser.parse_args()
    if not options.package.is_file():
        parser.error(f"there is no file {options.package}. Build it: make deb")
    checks = Checks()
    fields = control_of(options.package)
    folder = options.roots / f"deb-{options.suite}-{fields['Architecture']}"
    try:
        root = make_root(folder, options.suite, fields["Architecture"], ["ca-certificates"])
        check_package(root, options.package, fields, checks)
    except RootUnavailable as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        if not options.keep:
            folder.with_name(f"{folder.name}.finished").unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)
    print("Everything holds." if not checks.failed else f"{checks.failed} checks failed.")
    return 1 if checks.failed else 0


def control_of(package: Path) -> dict[str, str]:
    """Return the fields of a package."""
    shown = subprocess.run(["dpkg-deb", "--field", str(package)], capture_output=True, text=True, check=True).stdout
    return dict(line.split(": ", 1) for line in shown.splitlines() if re.match(r"\w[\w-]*: ", line))


def check_package(root: Root, package: Path, fields: dict[str, str], checks: Checks) -> None:
    """Go through the life of a package."""
    prepare(root, fields, checks)
    before = snapshot(root)
    install(root, package, checks)
    use(root, checks)
    upgrade(root, package, checks)
    remove(root, checks)
    purge(root, before, checks)
    refuse_a_foreign_folder(root, package, checks)
    leave_a_desktop_alone(root, package, before, checks)


def prepare(root: Root, fields: dict[str, str], checks: Checks) -> None:
    """Install what the package depends on, and let a person have data of the kiosk at home."""
    root.run("apt-get", "update", network=True)
    done = root.run("apt-get", "satisfy", "-y", "--no-install-recommends", fields["Depends"], network=True)
    checks.check("the system has everything that the package depends on", done.returncode == 0, done.stdout)
    done = root.run("apt-get", "satisfy", "-y", "--no-install-recommends", "cage, xwayland, udisks2", network=True)
    checks.check("the system has what the package recommends to draw without a desktop", done.returncode == 0)
    root.run("useradd", "--create-home", "--user-group", "anna")
    root.run("mkdir", "-p", f"/home/anna/.local/share/{NAME}", user="anna")


def snapshot(root: Root) -> dict[str, str]:
    """Every file and folder that the package could change, with its content."""
    found = {}
    for top in ("etc", "opt", "var", "usr/bin", "usr/share/applications", "usr/lib/udev"):
        for path in root.path(top).rglob("*"):
            name = str(path.relative_to(root.folder))
            if NOT_THE_PACKAGE.match(name):
                continue
            if path.is_symlink():
                found[name] = str(path.readlink())
            elif path.is_file():
                found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
            else:
                found[name] = ""
    return found


def install(root: Root, package: Path, checks: Checks) -> None:
    """Install without a network; look at what is there."""
    done = dpkg(root, package)
    checks.check("dpkg installs it without a network", done.returncode == 0, done.stdout)
    checks.check("the installation shows a PIN once", len(re.findall(r"^PIN +\d{6} ", done.stdout, re.M)) == 1)
    done = root.run("dpkg", "--verify", NAME)
    checks.check("dpkg --verify finds nothing changed", done.stdout == "", done.stdout)
    done = root.run(NAME, "--version", user="anna")
    checks.check(f"the command answers: {done.stdout.strip()}", done.returncode == 0, done.stdout)
    unit = root.path(UNIT).read_text() if root.path(UNIT).exists() else ""
    started = f"ExecStart=/opt/{NAME}/bin/{NAME} --fullscreen --config /{SETTINGS} --data-dir /{DATA} "
    checks.check("the service runs the installed command as its own user", started in unit and f"User={NAME}" in unit)
    enabled = root.path(f"etc/systemd/system/multi-user.target.wants/{NAME}.service")
    checks.check("the service starts with the computer", enabled.is_symlink())
    compiled = list(root.path(f"opt/{NAME}/lib").rglob("app/__pycache__/loop.*.pyc"))
    checks.check("the code is compiled", len(compiled) == 1)
    for name in (f"usr/share/applications/{NAME}.desktop", f"usr/share/man/man1/{NAME}.1.gz",
                 f"usr/lib/udev/rules.d/60-{NAME}.rules", f"usr/share/doc/{NAME}/copyright"):  # fmt: skip
        checks.check(f"/{name} is there", root.path(name).is_file())


def use(root: Root, checks: Checks) -> None:
    """Run the demonstration, doctor and the service's command."""
    done = root.run(NAME, "--demo", "--headless", "--json", "/tmp/demo.json", user="anna", folder="/home/anna")
    checks.check("the demonstration runs to its end", done.returncode == 0, done.stdout)
    report = root.path("tmp/demo.json")
    checks.check("it writes its report", report.exists() and bool(json.loads(report.read_text())))
    done = root.run(NAME, "doctor", "--config", f"/{SETTINGS}", user=NAME)
    problems = re.findall(r"^FIX +(.*)", done.stdout, re.M)
    print(*(f"        doctor: {one}" for one in problems), sep="\n")
    ended = done.returncode in (0, 1) and "Traceback" not in done.stdout
    checks.check("doctor looks at everything", ended, done.stdout)
    answers = re.search(r"(?im)^ok +.*model", done.stdout) is not None
    checks.check("doctor finds that the model answers", answers, done.stdout)
    words = service_words(root)
    with subprocess.Popen(root.words(*words, "--headless", "--camera", "demo", user=NAME),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as kiosk:  # fmt: skip
        session = root.path(DATA) / "session.sqlite3"
        deadline = time.monotonic() + START_LIMIT_S
        while not session.exists() and kiosk.poll() is None and time.monotonic() < deadline:
            time.sleep(0.2)
        checks.check("the service's command opens a session in /var/lib", session.exists())
        kiosk.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            kiosk.wait(30)
        kiosk.kill()


def service_words(root: Root) -> list[str]:
    """Return the command of the service, as its unit has it, but without the screen."""
    unit = root.path(UNIT).read_text()
    (line,) = re.findall(r"^ExecStart=(.*)$", unit, re.M)
    return [word for word in line.split() if word != "--fullscreen"]


def upgrade(root: Root, package: Path, checks: Checks) -> None:
    """Install a newer version over it: what the operator and visitors did has to stay."""
    root.path(SETTINGS).write_text('[classes]\nlabels = ["one", "two"]\n')
    pin = root.path(f"{DATA}/settings.toml").read_bytes()
    sessions = {path.name for path in root.path(DATA).iterdir()}
    with newer(package) as second:
        done = dpkg(root, second)
    checks.check("dpkg upgrades it", done.returncode == 0, done.stdout)
    checks.check("the upgrade asks nothing and makes no new PIN", "PIN  " not in done.stdout, done.stdout)
    checks.check("the PIN stays", root.path(f"{DATA}/settings.toml").read_bytes() == pin)
    checks.check("changed settings stay", 'labels = ["one", "two"]' in root.path(SETTINGS).read_text())
    checks.check("sessions stay", sessions <= {path.name for path in root.path(DATA).iterdir()})
    checks.check("the service stays", root.path(UNIT).exists())
    done = root.run(NAME, "--version", user="anna")
    checks.check("the command answers after the upgrade", done.returncode == 0, done.stdout)


@contextlib.contextmanager
def newer(package: Path) -> Iterator[Path]:
    """Make the same package with a higher version."""
    folder = package.parent / "newer"
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["dpkg-deb", "--raw-extract", str(package), str(folder)], check=True)
    control = folder / "DEBIAN/control"
    control.write_text(re.sub(r"(?m)^(Version: .*)$", r"\1+1", control.read_text()))
    second = package.with_name("newer.deb")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", str(folder), str(second)],
                   check=True, capture_output=True)  # fmt: skip
    shutil.rmtree(folder)
    try:
        yield second
    finally:
        second.unlink()


def remove(root: Root, checks: Checks) -> None:
    """Remove: the service goes, settings and sessions stay."""
    done = root.run("dpkg", "--remove", NAME)
    checks.check("dpkg removes it", done.returncode == 0, done.stdout)
    checks.check("the service is gone", not root.path(UNIT).exists(), done.stdout)
    checks.check("/opt is empty again", not root.path(f"opt/{NAME}").exists())
    checks.check("changed settings and sessions stay", root.path(SETTINGS).exists() and root.path(DATA).is_dir())


def purge(root: Root, before: dict[str, str], checks: Checks) -> None:
    """Purge: nothing stays but what is in people's homes, and that is named."""
    done = root.run("dpkg", "--purge", NAME)
    checks.check("dpkg purges it", done.returncode == 0, done.stdout)
    named = f"/home/anna/.local/share/{NAME} stays: it belongs to the person who used the kiosk there."
    checks.check("what is in a person's home stays and is named", named in done.stdout, done.stdout)
    checks.check("the person's data is there", root.path(f"home/anna/.local/share/{NAME}").is_dir())
    compare(root, before, checks)


def compare(root: Root, before: dict[str, str], checks: Checks) -> None:
    """Check that the system is what it was."""
    after = snapshot(root)
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    checks.check("/etc, /opt and /var are what they were before", changed == [], "\n".join(changed))


def refuse_a_foreign_folder(root: Root, package: Path, checks: Checks) -> None:
    """A clone of the project in the place of the package is not touched."""
    root.run("mkdir", "-p", f"/opt/{NAME}/app")
    done = dpkg(root, package)
    line = f"/opt/{NAME} exists already and does not belong to this package. Move it away, then install again."
    checks.check("it does not install over somebody else's folder", done.returncode != 0 and line in done.stdout)
    root.run("dpkg", "--purge", NAME)
    checks.check("that folder stays", root.path(f"opt/{NAME}/app").is_dir())
    root.run("rm", "-r", f"/opt/{NAME}")


def leave_a_desktop_alone(root: Root, package: Path, before: dict[str, str], checks: Checks) -> None:
    """On a desktop the package adds a program and no service."""
    manager, target = root.path("etc/systemd/system/display-manager.service"), "/usr/lib/systemd/system"
    manager.symlink_to(f"{target}/lightdm.service")
    root.path("etc/systemd/system/default.target").symlink_to(f"{target}/graphical.target")
    done = dpkg(root, package)
    checks.check("it installs on a desktop", done.returncode == 0, done.stdout)
    checks.check("a desktop gets no service", not root.path(UNIT).exists(), done.stdout)
    done = root.run("dpkg", "--purge", NAME)
    manager.unlink()
    root.path("etc/systemd/system/default.target").unlink()
    compare(root, before, checks)


def dpkg(root: Root, package: Path) -> subprocess.CompletedProcess[str]:
    """Install a package without a network."""
    copy = root.path(f"tmp/{package.name}")
    shutil.copyfile(package, copy)
    try:
        return root.run("dpkg", "--install", f"/tmp/{package.name}")
    finally:
        copy.unlink()


if __name__ == "__main__":
    sys.exit(main())
