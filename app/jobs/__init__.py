"""Work that takes long: it runs on worker threads."""
