"""Training needs torch and tensorflow, which live in an environment of their own: see `make test-pretraining`."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore = [] if find_spec("torch") and find_spec("tensorflow") else ["test_recipe.py"]
