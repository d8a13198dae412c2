"""Watching what comes in and what is answered: drift, missing values, calibration, and how people use it."""
