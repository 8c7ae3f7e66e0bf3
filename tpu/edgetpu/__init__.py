"""The Edge TPU: find it, open it in a child process, watch that process, and run compiled models in it."""
