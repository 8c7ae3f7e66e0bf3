"""What all screens are drawn with: text, shapes, colours, layout and motion."""
