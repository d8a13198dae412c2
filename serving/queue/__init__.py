"""The centre's queue: which case comes next."""
