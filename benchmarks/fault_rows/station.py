"""The station: what leaves the kiosk, and its parts that hang, freeze or fail while it runs."""

from __future__ import annotations

from benchmarks.fault_rows import FaultRow

ALL = "everything"
ROWS = (
    FaultRow(
        "a visitor presses Esc or Alt+F4, or closes the window, on any page",
        "the page before; on the main screen the number pad for the PIN, or “Ask staff. …”",
        ALL,
        "tests/app/core/modes/test_leaving.py",
    ),
    FaultRow(
        "somebody tries PINs one after the other",
        "“Locked for 60 s.”, twice as long with each further try, up to 300 s, also after a restart",
        "the PIN, as a scrypt key",
        "tests/app/core/modes/test_staff_entry.py::"
        "test_the_lock_grows_with_every_wrong_pin_to_five_minutes_and_the_right_one_ends_it",
    ),
    FaultRow(
        "another window, a dialog or Super+D covers the kiosk on a desktop (X11)",
        "the kiosk again, in front",
        ALL,
        "tests/end_to_end/test_front.py::test_the_kiosk_comes_back_when_something_takes_its_place",
    ),
    FaultRow(
        "a worker hangs in a call into a driver or a library",
        "nothing; if it trained or saved: “That took too long and was stopped.”",
        "all that is stored; late results of the hanging worker are ignored",
        "tests/app/base/test_supervision.py::test_a_stuck_worker_is_replaced_and_its_late_results_are_ignored",
    ),
    FaultRow(
        "a defect of the program while a page is drawn",
        "“One moment, please”, then the main screen; the third within a minute starts the kiosk again",
        "the session",
        "tests/app/test_loop.py::test_a_page_that_cannot_be_drawn_becomes_a_calm_screen_and_the_session_stays",
    ),
    FaultRow(
        "a defect loses the end of a job, so that TRAIN, SAVE or RESET would wait for ever",
        "“Something went wrong inside. Nothing is lost: please try again.”; erasing is tried again",
        "the session",
        "tests/app/jobs/test_running.py",
    ),
    FaultRow(
        "the disk or the drive hangs: while somebody teaches, while TRAIN writes its model, at SAVE, at RESET, "
        "when a visit is put away",
        "“The disk does not answer. Please wait: what you taught is kept.”, or the same of the drive",
        "every press, stored once the disk answers",
        "tests/app/test_hanging_disk.py",
    ),
    FaultRow(
        "the camera's driver hangs",
        "“No picture from …”, and why, within 3 s",
        ALL,
        "tests/app/test_loop.py::"
        "test_a_camera_whose_worker_waits_for_it_is_lost_within_three_seconds_and_found_with_its_next_picture",
    ),
    FaultRow(
        "a webcam, camera module or stream repeats one picture",
        "“No picture from …”, and why, within 3 s",
        ALL,
        "tests/app/devices/test_streams.py::"
        "test_a_stream_that_repeats_one_picture_is_frozen_and_well_again_once_it_changes",
    ),
    FaultRow(
        "a folder of pictures that is used as the camera is emptied",
        "“No picture from …”, and why, within 1 s",
        ALL,
        "tests/app/devices/test_cameras.py::test_a_folder_that_is_emptied_or_deleted_is_a_lost_camera_and_found_again",
    ),
    FaultRow(
        "the computer is restarted while the number pad is locked",
        "the lock begins again",
        "the count of wrong PINs",
        "tests/app/test_pin_after_restart.py::test_a_restart_does_not_open_a_locked_pad",
    ),
    FaultRow(
        "something covers the lens, or a camera's pictures shrink",
        "“The picture is black. Is something in front of the camera?”, or that it is very small",
        ALL,
        "tests/app/workers/test_picture_quality.py",
    ),
)
