"""Stability reports (稳定专报) by day, week, month and year."""
