"""The kiosk: devices, state, screens, and the way of a press through them."""
