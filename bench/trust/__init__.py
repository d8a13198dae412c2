"""Whether what the model says of itself holds: intervals, ranges, colours, groups, on one district."""
