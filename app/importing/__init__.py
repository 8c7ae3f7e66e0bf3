"""Reads folders that other people wrote, on drives."""
