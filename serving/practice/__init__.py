"""How people use what is recommended: whether they look, and whether they ever disagree."""
