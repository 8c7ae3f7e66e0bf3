"""The kiosk: devices, state, screens, and what happens after a press."""
