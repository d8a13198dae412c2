"""What the district knew, and when: contract, stores, the one door to the past, demo district."""
