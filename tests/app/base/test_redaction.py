"""No text shows the password or the token of an address."""

from __future__ import annotations

import io
import logging

import pytest

from app.base.errors import CameraUnavailable
from app.base.redaction import redact_logs, redacted, without_class_names


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("camera rtsp://anna:geheim@10.0.0.7:554/live: gone", "camera rtsp://…@10.0.0.7:554/live: gone"),
        ("HTTP://anna:ge/h@eim@cam.local/v", "HTTP://…@cam.local/v"),
        ("http://cam/v?token=geheim&x=1 and rtsps://u:geheim@b/", "http://cam/v?… and rtsps://…@b/"),
        ("rtsp://cam/user=admin_password=geheim_channel=1.sdp", "rtsp://cam/…"),
        ("no http://cam/v?token=geheim: it is gone", "no http://cam/v?…: it is gone"),
        ("http://cam/v;jsession=geheim", "http://cam/v;…"),
        ("http://cam/v#geheim", "http://cam/v#…"),
        ('"https://geheim@cam/v"', '"https://…@cam/v"'),
        ("cannot reach anna:geheim@cam.local", "cannot reach …@cam.local"),
        ("http://[fe80::1]:80/v", "http://[fe80::1]:80/v"),
        ("/dev/video0 at 12:30, 50% of https://example.org/a/b.html.", "/dev/video0 at 12:30, 50% of https://example.org/a/b.html."),
    ],
)  # fmt: skip
def test_passwords_and_tokens_are_hidden_and_the_rest_is_shown(text: str, shown: str) -> None:
    assert redacted(text) == shown
    assert redacted(shown) == shown


def test_every_message_and_traceback_in_a_log_is_redacted() -> None:
    factory, log, written = logging.getLogRecordFactory(), logging.Logger("cameras"), io.StringIO()
    log.addHandler(logging.StreamHandler(written))
    redact_logs()
    try:
        log.warning("camera %s", "rtsp://u:geheim@cam/1")
        log.warning("the oldest session %s is deleted", "2026-01-31_141200_Anna_Zoë.2.sqlite3")
        try:
            raise OSError("cannot open http://cam/v?token=geheim")
        except OSError as error:
            log.warning("failed: %s", error, exc_info=True)
    finally:
        logging.setLogRecordFactory(factory)
    assert "geheim" not in written.getvalue()
    assert (
        "camera rtsp://…@cam/1\nthe oldest session 2026-01-31_141200_… is deleted\nfailed: cannot open http://cam/v?…\nTraceback"
        in written.getvalue()
    )
    assert written.getvalue().endswith("OSError: cannot open http://cam/v?…\n")


def test_names_of_sessions_and_saved_folders_become_dates() -> None:
    text = "cannot write /media/STICK/teachable/2026-01-31_1412_Anna_Żółw/session.npz: no room; 2026-01-31_1412_x"
    shown = "cannot write /media/STICK/teachable/2026-01-31_1412_…/session.npz: no room; 2026-01-31_1412_…"
    assert without_class_names(text) == shown
    assert without_class_names("at 2026-01-31 14:12 of 2026-01-31_14") == "at 2026-01-31 14:12 of 2026-01-31_14"


def test_an_error_of_a_camera_holds_no_password_for_the_screen() -> None:
    error = CameraUnavailable("http://u:geheim@cam/v?t=geheim", "it is gone.")
    assert "geheim" not in repr(error) + str(error) + str(error.message) + error.source
