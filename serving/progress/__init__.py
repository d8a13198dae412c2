"""How far a case is, for whoever reported it."""
