"""Bodies of the subcommands; `run_kiosk` parses their arguments and prints their errors."""
