"""Run one command: standard streams, signals, logging, and errors in one line.

`app.commands.parser` describes the options, and `app.commands.dispatch` calls the module of the chosen command.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Sequence

from app.base.errors import KioskError
from app.base.redaction import redact_logs, redacted
from app.base.shown_paths import shown_text
from app.commands.dispatch import run_command
from app.commands.error_text import command_line_text
from app.commands.exit_codes import ERROR, INTERRUPTED
from app.commands.parser import make_parser
from app.commands.signals import Terminated, ending_in_order
from app.commands.streams import drop_output, prepare_streams
from app.devices.quiet_libraries import silence_libraries
from learning.errors import LearningError
from tpu.errors import RuntimeLayerError
from tpu.guarded.process import wait_for_verdicts


def run_command_line(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; `arguments` defaults to those of the process."""
    prepare_streams()
    options = make_parser().parse_args(arguments)
    redact_logs()
    logging.basicConfig(
        level=logging.DEBUG if options.verbose else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
    )
    if not options.verbose:
        silence_libraries()
    for option in options.meaningless(options):
        logging.getLogger(__name__).warning("%s means nothing to %s, so it is ignored", option, options.command)
    if options.command != "kiosk":
        wait_for_verdicts()
    try:
        with ending_in_order():
            return run_command(options)
    except (KioskError, LearningError, RuntimeLayerError) as error:
        return _failed(shown_text(redacted(command_line_text(error))))
    except Terminated as terminated:
        os.kill(os.getpid(), terminated.number)  # everything is cleaned up: end as without a handler
        return INTERRUPTED
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        logging.getLogger(__name__).debug("unexpected error", exc_info=error)
        safe = " The pictures that were taken are safe." if options.command == "kiosk" else ""
        return _failed(
            f"unexpected {type(error).__name__}: {shown_text(redacted(str(error)))}.{safe} "
            "Start again with --verbose to see details."
        )


def _failed(reason: str) -> int:
    try:
        print(f"error: {reason}", file=sys.stderr, flush=True)
    except OSError:  # nobody reads it any more
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        drop_output()
    return ERROR
