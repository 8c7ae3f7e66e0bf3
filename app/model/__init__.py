"""From samples to a verified model, its report and the folder that a visitor takes away."""
