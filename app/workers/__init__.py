"""The loops of the worker threads: camera, vision, drives."""
