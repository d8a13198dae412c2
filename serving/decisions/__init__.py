"""What people decide about a case."""
