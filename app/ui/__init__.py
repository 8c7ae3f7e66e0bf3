"""The visitor's screen: frozen views in, pixels out. Imports pygame and itself only."""
