"""Run programs of the system, such as systemctl, and report what they did."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence

Command = tuple[str, ...]
Run = Callable[[Command], "subprocess.CompletedProcess[str]"]

TIMEOUT_S = 60.0
NOT_FOUND = 127  # as shells report it


def run_program(command: Command) -> subprocess.CompletedProcess[str]:
    """Run one program; a program that is missing or too slow counts as failed."""
    try:
        return subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, NOT_FOUND, "", str(error))


def run_each(commands: Sequence[Command], write: Callable[[str], None], run: Run) -> None:
    """Run all commands, also after one that failed, and write one line for each."""
    for command in commands:
        done = run(command)
        line = " ".join(command)
        if done.returncode == 0:
            write(f"ran     {line}")
        else:
            reason = (done.stderr or done.stdout).strip().splitlines()
            write(f"FAILED  {line}: {reason[-1] if reason else f'exit code {done.returncode}'}. Run it by hand.")
