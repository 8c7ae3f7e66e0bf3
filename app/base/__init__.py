"""Small modules that the rest of the app uses. They import nothing else of the app."""
