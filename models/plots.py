"""Plots of an evaluation, as PNG bytes: reliability, precision and recall, what staff's capacity catches."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve

from models.metrics import at_capacity, reliability

Array = NDArray[np.float64]


def _png(figure: Figure) -> bytes:
    # the Agg canvas alone: no pyplot, so no global state and no display
    held = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(held, format="png")
    return held.getvalue()


def reliability_plot(y: Array, risks: Array, title: str) -> bytes:
    """Observed rate against mean risk by decile, with two standard errors."""
    table = reliability(y, risks)
    figure = Figure(figsize=(4.6, 4.2), dpi=110, layout="constrained")
    axes = figure.subplots()
    spread = 2 * np.sqrt(np.maximum(table[:, 1] * (1 - table[:, 1]), 1e-12) / table[:, 2])
    axes.errorbar(table[:, 0], table[:, 1], yerr=spread, fmt="o-", capsize=3, label="deciles of risk")
    top = float(max(table[:, :2].max() * 1.15, 1e-3))
    axes.plot([0, top], [0, top], "--", color="grey", label="perfect")
    axes.set(xlim=(0, top), ylim=(0, top), xlabel="mean risk", ylabel="observed rate", title=title)
    axes.legend(loc="upper left", frameon=False)
    return _png(figure)


def precision_recall_plot(y: Array, scores: Mapping[str, Array], title: str) -> bytes:
    """Precision against recall of several scores on the same cases."""
    figure = Figure(figsize=(5.4, 4.2), dpi=110, layout="constrained")
    axes = figure.subplots()
    for name, score in scores.items():
        precision, recall, _ = precision_recall_curve(y, score)
        axes.plot(recall[:-1], precision[:-1], label=name, linewidth=1.4)
    axes.axhline(float(y.mean()), linestyle=":", color="grey")
    axes.set(xlim=(0, 1), ylim=(0, None), xlabel="recall", ylabel="precision", title=title)
    axes.legend(frameon=False, fontsize=8)
    return _png(figure)


def capacity_plot(y: Array, scores: Mapping[str, Array], title: str) -> bytes:
    """The share of harms among the cases that staff can look at, by how many that is."""
    figure = Figure(figsize=(5.4, 4.2), dpi=110, layout="constrained")
    axes = figure.subplots()
    percents = np.concatenate([np.linspace(0.5, 10, 20), np.linspace(11, 100, 90)])
    for name, score in scores.items():
        caught = [at_capacity(y, score, float(percent))[1] for percent in percents]
        axes.plot(np.append(0, percents), np.append(0, caught), label=name, linewidth=1.4)
    axes.plot([0, 100], [0, 1], linestyle=":", color="grey", label="by lot")
    axes.set(
        xlim=(0, 100), ylim=(0, 1.01), xlabel="% of intake looked at", ylabel="share of harms", title=title
    )
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    return _png(figure)
