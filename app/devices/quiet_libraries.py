"""Keep OpenCV and FFmpeg from printing; needs neither of them, so that the program can call it before it loads them."""

from __future__ import annotations

import os
import sys


def silence_libraries() -> None:
    """Stop OpenCV and FFmpeg from printing at every attempt to open a missing camera; the kiosk reports it once.

    Log levels that are set in the environment stay. Call it before the first camera is opened; cv2 may be imported
    already.
    """
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET; read when FFmpeg is first used
    if os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT") == "SILENT" and "cv2" in sys.modules:  # read at its import
        cv2 = sys.modules["cv2"]
        (cv2.utils.logging if hasattr(cv2.utils, "logging") else cv2).setLogLevel(0)  # OpenCV 5, and 4
