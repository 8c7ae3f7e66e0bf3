"""Training needs torch and tensorflow, which live in an environment of their own: see `make test-pretraining`."""

from __future__ import annotations

from importlib.util import find_spec

WITH_TORCH = ["test_convert.py", "test_recipe.py", "test_restore.py", "test_sheet.py", "test_train.py"]
collect_ignore = [] if find_spec("torch") and find_spec("tensorflow") else WITH_TORCH
