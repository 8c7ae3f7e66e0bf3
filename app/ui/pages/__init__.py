"""The screens, one file each: a function that draws it, and one that lists what can be touched on it."""
