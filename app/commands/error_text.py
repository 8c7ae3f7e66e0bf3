"""Errors as the command line prints them."""

from __future__ import annotations

from app.base.paths import program_name
from tpu.errors import ModelNotDownloaded


def command_line_text(error: Exception) -> str:
    """Return the text of an error, with the whole command where the next step is a command of this program."""
    if isinstance(error, ModelNotDownloaded):
        fetch = f"{program_name()} models pull {error.path}"
        return f"the model {error.path} cannot be used: it is not on this machine. Download it: {fetch}"
    return str(error)
