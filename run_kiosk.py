#!/usr/bin/env python3
"""Command line of the kiosk: flags, logging and exit codes.

`app.commands.parser` describes the options, and `app.commands.dispatch` calls the module of the chosen command.

Exit codes: 0 done, 1 an error reported in one line that names the next step, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

from app.base.errors import KioskError
from app.base.redaction import redact_logs, redacted
from app.commands.dispatch import run_command
from app.commands.error_text import command_line_text
from app.commands.exit_codes import ERROR, INTERRUPTED
from app.commands.parser import make_parser
from app.devices.camera import silence_libraries
from learning.errors import LearningError
from tpu.errors import RuntimeLayerError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; `arguments` defaults to those of the process."""
    options = make_parser().parse_args(arguments)
    redact_logs()
    logging.basicConfig(
        level=logging.DEBUG if options.verbose else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
    )
    if not options.verbose:
        silence_libraries()
    try:
        return run_command(options)
    except (KioskError, LearningError, RuntimeLayerError) as error:
        print(f"error: {redacted(command_line_text(error))}", file=sys.stderr)
        return ERROR
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        logging.getLogger(__name__).debug("unexpected error", exc_info=error)
        print(
            f"error: unexpected {type(error).__name__}: {redacted(str(error))}. The pictures that were taken are safe. "
            "Start again with --verbose to see details.",
            file=sys.stderr,
        )
        return ERROR


if __name__ == "__main__":
    sys.exit(main())
