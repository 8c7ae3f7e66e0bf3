"""How the built-in extractor is made: render pictures from formulas, train on them, convert the network.

The kiosk never imports this package.
"""
