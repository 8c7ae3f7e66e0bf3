"""One file for each screen that is drawn."""
