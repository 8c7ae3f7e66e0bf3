"""What people's files, disks and computers are like: names, formats, folders, streams, signals."""

from __future__ import annotations

from benchmarks.fault_rows import FaultRow

ODD = "tests/app/commands/test_odd_surroundings.py"
CAMERAS = "tests/app/devices/test_cameras.py"
FONTS = "tests/app/ui/painting/test_fonts.py"
PICTURES = "tests/tpu/test_picture_files.py"
SETTINGS = "tests/app/config/test_load.py"

ROWS = (
    FaultRow(
        "a picture claims 30,000 × 30,000 pixels, or parts of gigabytes",
        "it is skipped and named; a stored one is shown grey",
        "everything else",
        f"{PICTURES}::test_a_picture_that_claims_too_much_is_refused_before_it_is_decoded",
    ),
    FaultRow(
        "a picture was cut in half",
        "it is skipped and named, by every reader alike",
        "everything else",
        f"{PICTURES}::test_a_file_that_was_cut_is_no_half_picture",
    ),
    FaultRow(
        "a picture with 16 bits for each value, or in colours such as CIELab",
        "the same answer from the kiosk and from `classify.py`; or one line that says it is no picture",
        "everything",
        f"{PICTURES}::test_a_tiff_in_colours_that_would_be_misread_is_refused",
    ),
    FaultRow(
        "the archive behind a model unpacks to gigabytes, or has thousands of members",
        "the model without its labels",
        "everything",
        "tests/tpu/test_archives.py::test_a_member_that_unpacks_to_gigabytes_is_refused_before_it_is_unpacked",
    ),
    FaultRow(
        "changed inputs of every parser, at random",
        "one line, or nothing",
        "everything",
        "tests/test_fuzzing.py::test_a_sample_of_changed_inputs_is_parsed_or_refused_by_every_parser",
    ),
    FaultRow(
        "a pipe, a device or 8 GB where a file should be",
        "one line that says so, at once",
        "everything",
        f"{ODD}::test_what_is_no_plain_file_of_a_sensible_size_is_refused_at_once",
    ),
    FaultRow(
        "a folder as camera with many large pictures",
        "the pictures, one after the other",
        "memory: one picture at a time",
        f"{CAMERAS}::test_a_folder_with_many_large_pictures_takes_the_memory_of_one",
    ),
    FaultRow(
        "pictures that cannot be read, and names that are not UTF-8, in a folder as camera",
        "the others; each is named once in the log",
        "everything",
        f"{CAMERAS}::test_pictures_that_cannot_be_read_are_skipped_once_and_the_others_shown",
    ),
    FaultRow(
        "file names that are not UTF-8 in commands and in JSON",
        "“?” in place of what cannot be shown",
        "all answers",
        f"{ODD}::test_names_that_are_not_utf_8_have_a_readable_stand_in",
    ),
    FaultRow(
        "a drive whose name holds any white space or line end",
        "the drive, with “?”, and all others",
        "everything",
        "tests/app/devices/test_drive.py::test_a_name_with_any_white_space_is_one_drive_and_hides_no_other",
    ),
    FaultRow(
        "names in scripts that the font lacks",
        "the name in a font of the system, from right to left where that is how it is read; else “?” for each letter, "
        "and a line for staff that names the package",
        "everything",
        f"{FONTS}::test_no_letter_is_blank_whatever_fonts_the_system_has",
    ),
    FaultRow(
        "a name of 199 letters",
        "the name, as small as is legible, then cut",
        "the speed of the screen",
        f"{FONTS}::test_a_name_of_199_letters_is_laid_out_with_few_measurements",
    ),
    FaultRow(
        "one class name in two Unicode forms, or in upper and lower case",
        "one class; a line names the folders",
        "all pictures",
        f"{ODD}::test_spellings_of_one_name_are_one_class",
    ),
    FaultRow(
        "pictures below a class folder; `train` and `test` folders; what systems leave behind",
        "all pictures of the classes are used; a line says what is not",
        "all pictures",
        f"{ODD}::test_pictures_below_a_class_folder_are_read_and_what_systems_leave_behind_is_not",
    ),
    FaultRow(
        "settings with a byte order mark, in UTF-16 or Latin-1",
        "they are used, or one line says “save it as UTF-8”",
        "everything",
        f"{SETTINGS}::test_a_byte_order_mark_is_accepted_and_other_encodings_are_named",
    ),
    FaultRow(
        "settings with nan, inf or enormous numbers",
        "one line that names the setting",
        "everything",
        f"{SETTINGS}::test_numbers_that_are_none_are_refused",
    ),
    FaultRow(
        "labels that start with a number, count from one, or are not UTF-8",
        "one line with the line and the rule",
        "everything",
        "tests/tpu/test_models_run.py::test_a_label_file_that_breaks_a_rule_is_refused_with_line_and_rule",
    ),
    FaultRow(
        "`classify … | head -1`",
        "one line; silence after it",
        "everything",
        f"{ODD}::test_a_reader_that_has_seen_enough_is_no_error",
    ),
    FaultRow(
        "closed standard streams, no HOME, the C locale, a working directory that cannot be written",
        "the same as always",
        "everything",
        f"{ODD}::test_closed_streams_a_missing_home_and_the_c_locale_change_nothing",
    ),
    FaultRow(
        "SIGTERM or a closed terminal during `train`",
        "it ends",
        "no temporary file is left",
        f"{ODD}::test_train_cleans_up_when_it_is_told_to_end",
    ),
    FaultRow(
        "the X server ends while the kiosk runs",
        "one line; the service starts the kiosk again",
        "everything that was taught",
        "tests/end_to_end/test_lost_screen.py::test_the_kiosk_ends_with_one_line_when_its_x_server_ends",
    ),
    FaultRow(
        "the address of a stream in capital letters",
        "the stream",
        "everything",
        f"{CAMERAS}::test_the_scheme_of_an_address_may_have_any_case",
    ),
)
