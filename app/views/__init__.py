"""What each screen says: parts of the view, made of the state by pure functions. `app.present` puts them together."""
