"""The language of the demo district, as plain data."""
