"""The screen, sounds and speech of the kiosk: frozen views in, pixels and sound out.

Nothing is decided here. Of our own packages it imports only `views.model` and `base`.
"""
