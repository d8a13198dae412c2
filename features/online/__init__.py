"""Single cases, and some together, from a record store: the same numbers as a batch, in milliseconds."""
