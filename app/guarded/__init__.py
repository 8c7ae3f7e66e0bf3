"""Opens files of unknown origin in a limited child process."""
