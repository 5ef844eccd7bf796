"""The columns of a table, one by one: what kind each is, its range, what is missing, which texts it has."""

from typing import Any

import numpy as np

from datasets import Dataset
from tui.lab.feature_summary import summarise

MOST = 50
"""Columns of a table that are worth a line each."""
KINDS = {"float": "real numbers", "int": "whole numbers", "binary": "two values", "constant": "one value"}


def describe_columns(dataset: Dataset) -> list[dict[str, Any]]:
    """A row of plain values a column, that JSON can hold; [] for images, and for tables of more than `MOST` columns.

    ``missing`` counts cells; ``texts`` is of a column of text how many cells hold each; the others have ``min``,
    ``max``, ``mean`` and ``deviation``.
    """
    if dataset.X.ndim != 2 or dataset.n_features > MOST:
        return []
    found = summarise(dataset.X)
    rows = []
    for j, name in enumerate(dataset.feature_names):
        column = dataset.X[:, j]
        missing = int(np.count_nonzero(np.isnan(column)))
        row: dict[str, Any] = {"name": name, "type": found.kind(j), "missing": missing}
        if texts := dataset.categories.get(j):
            counts = np.bincount(column[~np.isnan(column)].astype(np.int64), minlength=len(texts))
            row |= {"type": "text", "texts": dict(zip(texts, counts.tolist(), strict=True))}
        else:
            figures = zip(
                ("min", "max", "mean", "deviation"), (found.low, found.high, found.mean, found.deviation), strict=True
            )
            row |= {figure: float(values[j]) for figure, values in figures}
        rows.append(row)
    return rows


def column_words(row: dict[str, Any], most_texts: int = 6) -> list[str]:
    """[name, kind, range or texts, what is missing] of such a row."""
    missing = f"{row['missing']:,} missing" if row["missing"] else ""
    if "texts" in row:
        by_count = sorted(row["texts"].items(), key=lambda item: -item[1])
        words = ", ".join(f"{text} {count:,}" for text, count in by_count[:most_texts])
        more = f" and {len(by_count) - most_texts} more" if len(by_count) > most_texts else ""
        return [row["name"], "text", words + more, missing]
    kind = KINDS[row["type"]]
    if row["type"] == "constant":
        return [row["name"], kind, f"{row['min']:.6g}", missing]
    spread = f"{row['min']:.6g} to {row['max']:.6g}, mean {row['mean']:.4g}, deviation {row['deviation']:.4g}"
    return [row["name"], kind, spread, missing]
