"""Tests mirror the packages: app, learning, tpu."""
