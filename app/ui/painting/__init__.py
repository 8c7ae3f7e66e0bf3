"""What the screens are drawn with: text, shapes, colours, layout, motion."""
