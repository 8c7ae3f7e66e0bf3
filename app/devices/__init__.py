"""Real devices and their simulated peers, each behind a protocol of `app.base.ports`."""
