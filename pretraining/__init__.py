"""The recipe of the built-in extractor: render a world from formulas, train, convert. Never imported by the app."""
