"""A visitor's session and where it is stored."""
