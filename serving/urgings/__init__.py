"""Urgings: deadlines that nobody meets climb from the grid to the district."""
