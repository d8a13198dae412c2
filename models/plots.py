"""Plots of an evaluation, as PNG bytes.

Reliability, precision and recall, what staff's capacity catches, what more records bring, how early a
colour is.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve

from models.lead_times import LEADS, NEVER
from models.metrics import at_capacity, reliability
from models.policy import exact_interval

Array = NDArray[np.float64]
Rows = Sequence[Mapping[str, Any]]


def _png(figure: Figure) -> bytes:
    # the Agg canvas alone: no pyplot, so no global state and no display
    held = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(held, format="png")
    return held.getvalue()


def reliability_plot(y: Array, risks: Array, title: str) -> bytes:
    """Observed rate against mean risk by decile, with exact 95 % intervals: no harm leaves a width too."""
    mean, rate, cases = reliability(y, risks).T
    ends = [exact_interval(round(share * n), round(n)) for share, n in zip(rate, cases, strict=True)]
    low, high = np.array(ends, dtype=float).T
    figure = Figure(figsize=(4.6, 4.4), dpi=110, layout="constrained")
    axes = figure.subplots()
    axes.errorbar(mean, rate, yerr=(rate - low, high - rate), fmt="o", capsize=3, label="deciles of risk")
    right, top = float(mean.max() * 1.15), float(max(high.max() * 1.05, 1e-3))
    axes.plot([0, right], [0, right], "--", color="grey", label="perfect")
    axes.set(xlim=(0, right), ylim=(0, top), xlabel="mean risk", ylabel="observed rate", title=title)
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
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


def learning_plot(table: Rows, title: str) -> bytes:
    """Figures on the same cases by how many harmed disputes taught: the rows of `models.learning_curve`."""
    figure = Figure(figsize=(8.6, 3.8), dpi=110, layout="constrained")
    harmed = [row["harmed_disputes"] for row in table]
    for axes, (name, label) in zip(
        figure.subplots(1, 2),
        (("average_precision", "average precision"), ("roc_auc", "ROC AUC")),
        strict=True,
    ):
        value = np.array([row[name] for row in table])
        ends = np.array([[row[f"{name}.low"], row[f"{name}.high"]] for row in table]).T
        axes.errorbar(harmed, value, yerr=np.abs(ends - value), fmt="o-", capsize=3)
        axes.set_xscale("log", base=2)
        axes.set_xticks(harmed, [str(count) for count in harmed])
        axes.minorticks_off()
        axes.set(xlabel="harmed disputes that taught", ylabel=label)
    figure.suptitle(title, fontsize=11)
    return _png(figure)


def lead_plot(table: Rows, title: str) -> bytes:
    """Harmed disputes by how long before the harm they had a colour: the rows of `models.lead_times`."""
    figure = Figure(figsize=(6.8, 3.2), dpi=110, layout="constrained")
    axes = figure.subplots()
    names = [f"{row['target']} ({row['harmed']})" for row in table]
    left = np.zeros(len(table))
    shades = ("#f2c9a1", "#e08e55", "#b5532a")
    for name, shade in zip((*LEADS, NEVER), (*shades, "#d9d9d9"), strict=True):
        count = np.array([row[name] for row in table], dtype=float)
        label = "not before the harm" if name == NEVER else f"{name} days before"
        axes.barh(names, count, left=left, color=shade, label=label)
        left += count
    axes.invert_yaxis()
    axes.set(xlabel="harmed disputes", title=title)
    axes.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.4, -0.22), ncols=4)
    return _png(figure)
