"""The subcommands of `run_kiosk`, one module each; its `run(options)` returns the exit code.

`parser` describes the options of all commands, and `dispatch` calls the module of the chosen one.
"""
