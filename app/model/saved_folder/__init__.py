"""The folder that a visitor takes home: what is in it, and how it is written so that every byte is on the drive."""
