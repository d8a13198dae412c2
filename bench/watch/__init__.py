"""How often the watch cries wolf where nothing changes, and how soon it finds what was planted."""
