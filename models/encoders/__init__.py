"""What reads the text: members of one interface, listed in `catalogue`, all optional but the n-grams."""
