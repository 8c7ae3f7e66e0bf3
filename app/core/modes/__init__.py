"""The transitions of each mode: pure functions, one module per subject.

Most take the state and an event, or the state and a button, and return the new state with the commands to carry out.
`app.core.transitions` says which function handles which event. Modes whose pages are operated with a cursor have
`targets(state)`: the buttons of the page, in the order of the cursor.
"""
