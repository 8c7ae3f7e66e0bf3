"""Pure decisions: state, events, commands and every transition. No window, no camera, no threads."""
