"""An Edge TPU without hardware: its driver as a library of our own, and the sysfs that it appears in."""
