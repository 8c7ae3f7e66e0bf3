"""Open files of unknown origin in a child process with limits."""
