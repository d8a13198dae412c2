"""Cases that are one: proposed, merged, parted."""
