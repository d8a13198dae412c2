"""Staff's labels on narratives."""
