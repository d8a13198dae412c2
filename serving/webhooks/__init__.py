"""Webhooks: other systems are told of colours, decisions and deadlines, signed and at least once."""
