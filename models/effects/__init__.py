"""What visiting does: estimated from who was visited, by chance or by choice (ADR 0063)."""
