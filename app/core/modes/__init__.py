"""What happens in each mode: transitions, pure. `app.core.transitions` lists them all in one table."""
