"""The HTTP service: cases and events in, coloured assessments and visit lists out."""
