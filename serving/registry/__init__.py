"""The risk-person registry."""
