"""Jobs, one a file, no science inside; the command line."""
