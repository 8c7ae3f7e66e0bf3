"""What each screen shows, made from the state by pure functions: frozen values, no pixels.

`present.present` makes the whole view of one frame; each page has a module. The buttons of a page come from the mode's
`targets` in `app.core.modes`; the views add texts and pictures to them.
"""
