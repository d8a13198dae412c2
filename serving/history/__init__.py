"""The course of a case, and what its people have behind them."""
