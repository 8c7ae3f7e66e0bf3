"""What the build does besides setup.cfg: it fetches the engine of `open_me.html`, and goes on if it cannot."""

from __future__ import annotations

import runpy
import warnings
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

FETCH = Path(__file__).resolve().parent / "assets" / "web" / "fetch_engine.py"


class BuildPy(build_py):
    """Copies the packages, with the engine among the assets."""

    def run(self) -> None:
        """Fetch the engine first: without a network, saved folders lack `open_me.html`, and nothing else."""
        step = runpy.run_path(str(FETCH))
        try:
            step["fetch_engine"]()
        except step["FetchFailed"] as error:
            warnings.warn(f"Saved folders will lack open_me.html: {error} Later: python {FETCH}", stacklevel=1)
        super().run()


setup(cmdclass={"build_py": BuildPy})
