"""Judgments: targets, splits, estimators, calibration, colour policy, metrics, packaging."""
