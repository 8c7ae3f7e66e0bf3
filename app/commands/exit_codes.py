"""Exit codes of the command line. Wrong usage exits with 2, which `argparse` does itself."""

DONE = 0
ERROR = 1
INTERRUPTED = 130
"""128 + SIGINT, as shells report it."""
