"""A simulated Edge TPU: a driver library written for the tests, and the sysfs entries of a stick."""
