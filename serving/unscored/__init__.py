"""Cases that are stored and not scored, and how they come to be scored after all."""
