"""Train and verify models, write their reports, and write the folder that a visitor takes away."""
