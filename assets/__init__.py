"""Models, fonts, translations, settings and system files that ship with the kiosk, found by `importlib.resources`."""
