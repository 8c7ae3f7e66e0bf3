"""The limit on processor time that makes a computer as slow as a board."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from app.base.paths import import_folder

SLOW = import_folder() / "benchmarks" / "slow.py"


def slow(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SLOW, *arguments], capture_output=True, text=True, check=False, env={**os.environ, **changes}
    )


@pytest.mark.parametrize("quota", ["0", "1000"])
def test_a_quota_that_is_no_share_of_the_cores_is_refused(quota: str) -> None:
    done = slow("--quota", quota, "demo")
    assert done.returncode == 2
    assert done.stderr.endswith(f"--quota must be more than 0 and at most {os.cpu_count()}, the number of cores\n")


def test_a_process_in_the_group_gets_its_quota_and_no_more() -> None:
    sys.path.insert(0, str(SLOW.parents[1]))
    from benchmarks.slow import limited

    refused = ""
    took_s = 0.0
    try:
        with limited(0.2) as join:
            started_s = time.monotonic()
            subprocess.run(
                [sys.executable, "-c", "import time\nwhile time.process_time() < 0.3: pass"],
                preexec_fn=join, check=True,
            )  # fmt: skip
            took_s = time.monotonic() - started_s
    except SystemExit as error:
        refused = str(error)
    if refused:  # not root, or a container without control groups
        assert refused.startswith("error: no limit can be set in /sys/fs/cgroup")
    else:
        assert took_s > 0.3 / 0.2 * 0.8  # a slower machine takes longer still


def test_the_loops_that_keep_the_cores_awake_end_with_a_benchmark_that_is_killed() -> None:
    script = (
        f"import sys, time; sys.path.insert(0, {str(SLOW.parents[1])!r})\n"
        "from benchmarks.slow import awake\n"
        "with awake():\n    print('awake', flush=True)\n    time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as benchmark:
        assert benchmark.stdout is not None
        assert benchmark.stdout.readline() == "awake\n"
        benchmark.kill()
        benchmark.wait()  # as long as nobody waits for it, its number stands for it
        assert benchmark.stdout.read() == ""  # the loops have the pipe too: it ends when the last of them has ended
