"""One case at a time, from a record store: the same numbers as a batch, in milliseconds."""
