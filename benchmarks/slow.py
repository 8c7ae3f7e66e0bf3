"""Run the demonstration, the benchmark and the tests as on a slow board: under a limit on processor time.

python benchmarks/slow.py [--quota 0.3] [demo|bench|pipeline|tests|all] [-- ARGUMENTS]

A control group of Linux gives all processes together QUOTA cores (`cpu.max` of version 2, `cpu.cfs_quota_us` of version
1). That needs root. Meanwhile a loop of the lowest priority keeps every core awake: on a virtual machine, a core that
falls asleep when the share is used up wakes late, and the group gets much less than its share.

`bench` prints the seconds from TRAIN to the first answer, `pipeline` compares the kiosk's threads with a single loop;
arguments behind `--` go to pytest.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._shared import machine_line, option_parser

ROOT = Path(__file__).resolve().parents[1]
PERIOD_US = 20_000  # short, so that a share looks like a slow processor and not like one that stands still
GROUPS = Path("/sys/fs/cgroup")
NAME = f"teachable-kiosk-slow-{os.getpid()}"
SUITE = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout", "1200")


def main() -> None:
    """Run it; exit with the code of the first command that fails."""
    parser = option_parser(__doc__)
    parser.add_argument("--quota", type=float, default=0.3, help="cores for all processes together (default: 0.3)")
    parser.add_argument("what", nargs="?", choices=("demo", "bench", "pipeline", "tests", "all"), default="all")
    parser.add_argument("arguments", nargs="*", help="for pytest")
    options = parser.parse_args()
    if not 0 < options.quota <= (os.cpu_count() or 1):
        parser.error(f"--quota must be more than 0 and at most {os.cpu_count()}, the number of cores")
    commands = {
        "demo": [sys.executable, "run_kiosk.py", "--demo", "--headless"],
        "bench": [sys.executable, "run_kiosk.py", "bench", "train-to-live"],
        "pipeline": [sys.executable, "run_kiosk.py", "bench", "pipeline"],
        "tests": [sys.executable, *SUITE, *options.arguments],
    }
    print(machine_line())
    with awake(), limited(options.quota) as join, tempfile.TemporaryDirectory() as folder:
        commands["demo"] += ["--json", f"{folder}/demo.json"]
        for name in commands if options.what == "all" else (options.what,):
            print(f"# {name} with {options.quota:g} of a core", flush=True)
            started_s = time.monotonic()
            done = subprocess.run(commands[name], cwd=ROOT, check=False, preexec_fn=join)
            print(f"# {name}: exit code {done.returncode} after {time.monotonic() - started_s:.0f} s", flush=True)
            if done.returncode:
                sys.exit(done.returncode)


@contextmanager
def awake() -> Iterator[None]:
    """Keep every core busy with a loop that gives way to everything else."""
    lowest = ("chrt", "--idle", "0") if shutil.which("chrt") else ("nice", "-n", "19")
    loop = f"while kill -0 {os.getpid()} 2>/dev/null; do :; done"  # it ends with this process, even if that is killed
    loops = [subprocess.Popen([*lowest, "sh", "-c", loop]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for process in loops:
            process.kill()
            process.wait()


@contextmanager
def limited(quota: float) -> Iterator[object]:
    """Make a control group with this quota; yields what a child process calls to join it."""
    group = _made(quota)
    members = group / "cgroup.procs"

    def join() -> None:
        members.write_text(str(os.getpid()))

    try:
        yield join
    finally:
        for _ in range(50):
            with suppress(OSError):
                group.rmdir()
                break
            time.sleep(0.1)  # a child's children may still end


def _made(quota: float) -> Path:
    quota_us = str(max(1000, round(quota * PERIOD_US)))
    two = (GROUPS / "cgroup.controllers").is_file()
    group = (GROUPS if two else GROUPS / "cpu") / NAME
    try:
        if two:
            with suppress(OSError):  # it may be on already
                (GROUPS / "cgroup.subtree_control").write_text("+cpu")
        group.mkdir()
        if two:
            (group / "cpu.max").write_text(f"{quota_us} {PERIOD_US}")
        else:
            (group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
            (group / "cpu.cfs_quota_us").write_text(quota_us)
    except OSError as error:
        with suppress(OSError):
            group.rmdir()
        needs = "run it as root" if os.geteuid() else "the control group cpu must be writable, as on a real machine"
        sys.exit(f"error: no limit can be set in {group.parent} ({error.strerror}): {needs}.")
    return group


if __name__ == "__main__":
    main()
