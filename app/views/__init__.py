"""From the state to what each screen shows: frozen values made by pure functions, no pixels."""
