"""The real devices of a kiosk, behind protocols: inputs, cameras, lamps, drives, screen and power.

`app.demo` has the simulated ones.
"""
