"""What happens in each mode: transitions, pure. `app.state` lists them all in one table."""
