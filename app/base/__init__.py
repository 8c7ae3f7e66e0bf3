"""Small modules that the rest of the app builds on. They import nothing else of the app."""
