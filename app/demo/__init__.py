"""The demonstration: simulated devices, rendered things and a scripted visitor."""
