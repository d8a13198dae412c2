"""Facts at a moment: point-in-time tabular features, text, cues."""
