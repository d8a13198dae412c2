"""When a case's deadlines are met."""
