"""The HTTP service: one folder a domain."""
