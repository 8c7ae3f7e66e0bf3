"""MediaPipe brings an OpenCV of its own, so it lives in an environment of its own: see `make test-mediapipe`."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore = [] if find_spec("mediapipe") else ["test_mediapipe.py"]
