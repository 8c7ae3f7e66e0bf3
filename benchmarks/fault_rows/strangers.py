"""Models, sessions and other files that strangers made."""

from __future__ import annotations

from benchmarks.fault_rows import FaultRow

GUARDED = "tests/tpu/guarded/test_guarded_models.py"

ROWS = (
    FaultRow(
        "a shown model hangs on some pictures",
        "“This model hangs, crashes or takes too much memory, so it was stopped.”; after three such pictures in a row "
        "“The model from STICK does not answer. This is your own again.”",
        "everything; the model answers the next picture",
        f"{GUARDED}::test_a_model_that_hangs_on_some_pictures_only_is_stopped_and_answers_the_others_again",
    ),
    FaultRow(
        "a model from a drive behaves when it is tried, and hangs later",
        "one sentence; RESET, or the third such picture, goes back to the visitor's own model",
        "the visitor's own session and model",
        "tests/app/jobs/test_show_and_carry_on.py"
        "::test_a_shown_model_answers_in_a_process_of_its_own_for_as_long_as_it_is_shown",
    ),
    FaultRow(
        "a stranger's model hangs, grows, crashes, names unknown operators, lies about sizes",
        "one line that says so; the command line ends with code 1",
        "everything; the next model answers",
        f"{GUARDED}::test_a_hostile_model_ends_in_an_error_of_one_line_or_an_answer",
    ),
    FaultRow(
        "the process of a stranger's model dies",
        "as above",
        "everything; the model answers the next picture",
        f"{GUARDED}::test_a_child_that_dies_at_any_moment_is_replaced_before_the_next_answer",
    ),
    FaultRow(
        "a stranger's session is as large as is allowed",
        "nothing: it is read",
        "its memory is given back",
        "tests/app/importing/test_sessions.py"
        "::test_what_was_read_of_a_large_session_takes_no_memory_afterwards_and_can_be_read_again",
    ),
    FaultRow(
        "the process of a stranger's model sends what is no answer",
        "as above, at once",
        "everything",
        f"{GUARDED}::test_a_child_that_sends_garbage_is_ended_at_once",
    ),
    FaultRow(
        "a stranger's session is damaged, unpacks to gigabytes, or holds code",
        "“That folder is not used: …”, with the reason",
        "the visitor's own session and model",
        "tests/app/importing/test_sessions.py::test_a_hostile_session_is_refused_with_a_reason",
    ),
    FaultRow(
        "a starter on a stick is not signed, and its files are made to do harm",
        "nothing: it is not offered",
        "the present starter, which answers",
        "tests/app/jobs/test_received_starter.py::test_a_head_that_would_do_harm_is_never_unpacked",
    ),
)
