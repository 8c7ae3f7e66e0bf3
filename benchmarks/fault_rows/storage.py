"""The disk, the stored session, settings, and months of running."""

from __future__ import annotations

from benchmarks.fault_rows import FaultRow

STARTS = "tests/app/test_starts.py"
ERASING = "tests/app/session/test_erasing.py"
BEGINS = "“The disk of this computer cannot be used (…). What you teach is gone when it is switched off; …”"

ROWS = (
    FaultRow(
        "any bit of the stored session is flipped",
        "nothing, or “The stored session was damaged and has been repaired.”",
        "every sound row; what is missing comes from the last good copy; the damaged file is set aside",
        "tests/app/session/test_bit_flips.py",
    ),
    FaultRow(
        "the stored session is damaged, cut, gone, of another version, or something else is in its place",
        "“The stored session was damaged and has been repaired.”, or how many pictures are lost",
        "as above; with nothing readable and no copy, a new session begins",
        f"{STARTS}::test_it_starts_with_a_damaged_session",
    ),
    FaultRow(
        "a pipe, device, socket, link or folder lies in the place of a file of the session",
        "“The stored session was damaged and has been repaired.”, or that a new one begins",
        "what the last good copy has; what was in the way is set aside, or removed if it holds nothing",
        "tests/app/session/test_salvage.py::"
        "test_whatever_is_in_the_place_of_a_file_of_the_session_it_opens_and_a_visit_can_end",
    ),
    FaultRow(
        "something that is no session lies in the archive",
        "nothing: the visit ends",
        "all sessions",
        "tests/app/session/test_archive.py::test_what_is_no_session_does_not_hold_up_the_end_of_a_visit",
    ),
    FaultRow(
        "the disk is full or read-only when the kiosk starts",
        BEGINS,
        "the session in memory; SAVE to a drive works",
        f"{STARTS}::test_it_starts_in_memory_on_a_disk_that_is_full_or_read_only_and_says_so",
    ),
    FaultRow(
        "settings that do not hold: unknown, of a wrong kind, out of range, or they name what is not there",
        "nothing; staff read each of them on the page System, in `doctor` and in the log",
        "all other settings",
        f"{STARTS}::test_it_starts_with_settings_that_do_not_hold_and_staff_read_which",
    ),
    FaultRow(
        "each setting with every kind of wrong value",
        "nothing; one line for staff",
        "all other settings",
        "tests/app/config/test_tolerant.py::test_every_setting_with_a_wrong_value_leaves_settings_that_hold",
    ),
    FaultRow(
        "pictures of an ended visit are searched for in the raw blocks of the disk",
        "nothing",
        "no 64 bytes in a row of any picture",
        f"{ERASING}::test_no_part_of_a_picture_is_on_the_medium_after_a_visit",
    ),
    FaultRow(
        "the disk is full when a visit ends",
        "nothing: the next visit begins",
        "nothing of the visit before",
        f"{ERASING}::test_erasing_needs_no_room",
    ),
    FaultRow(
        "the disk fails when a visit ends",
        "“The last pictures cannot be erased yet (…). It tries again by itself. Please call a member of staff.”",
        "the screen forgets the visit at once and is locked until the disk has",
        f"{ERASING}::test_a_disk_that_fails_in_a_visit_locks_the_session_until_it_is_erased",
    ),
    FaultRow(
        "the disk was read-only at the start and works again later",
        "nothing",
        "the earlier session, which nobody saw, as `privacy.when_idle` says",
        f"{ERASING}::test_an_earlier_session_that_nobody_saw_is_put_away_as_the_privacy_setting_says",
    ),
    FaultRow(
        "a damaged session is shown from a full disk, which then fails when the visit ends",
        "“The last pictures cannot be erased yet (…). …”",
        "as above: the screen is locked until the damaged file is erased",
        f"{ERASING}::test_a_session_recovered_in_memory_locks_the_screen_until_its_damaged_file_is_erased",
    ),
    FaultRow(
        "the kiosk is killed while it deletes the pictures of earlier sessions",
        "nothing: the next visit's end goes on",
        "the sessions, without pictures",
        "tests/app/session/test_archive.py"
        "::test_a_kill_while_pictures_are_deleted_leaves_a_session_whose_deletion_goes_on",
    ),
    FaultRow(
        "the power goes away while a visit is erased",
        "nothing: the next start finishes it",
        "before the first write all of it, after it nothing",
        f"{ERASING}::test_an_erasure_that_a_power_cut_interrupts_anywhere_is_finished_at_the_next_start",
    ),
    FaultRow(
        "the power goes away while a visit is put away",
        "nothing: the next start finishes it",
        "the session in the archive, once",
        f"{STARTS}::test_a_visit_that_was_being_ended_is_ended_at_the_start_and_archived_once",
    ),
    FaultRow(
        "visitors SAVE without a drive for months",
        "nothing; with too little room: “… Plug in a drive and press SAVE again.”",
        "the newest folders, up to a limit",
        "tests/app/jobs/test_saved_here.py",
    ),
    FaultRow(
        "the clock was years ahead once",
        "nothing",
        "the sessions that came last, whatever their dates",
        f"{ERASING}::test_the_archive_is_in_the_order_in_which_sessions_came_whatever_the_clock_says",
    ),
    FaultRow(
        "a stored picture claims to be enormous",
        "nothing: it is not decoded",
        "its sample, which is trained on without the picture",
        "tests/app/session/test_pictures.py",
    ),
    FaultRow(
        "memory, files or threads leak",
        "nothing; `soak` reports it",
        "everything",
        "tests/app/commands/test_soak.py",
    ),
    FaultRow(
        "the kiosk is killed, or the power goes away, for a reason that somebody must find",
        "nothing; the next start notes it",
        "the last messages and warnings, over restarts, in files of limited size",
        "tests/app/base/test_incidents.py",
    ),
    FaultRow(
        "the power goes away while staff make a session the starter",
        "nothing",
        "the new starter, or the one before",
        "tests/app/jobs/test_settings_on_drive.py::test_a_power_cut_while_a_starter_is_made_leaves_a_whole_one",
    ),
)
