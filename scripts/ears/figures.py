"""From the rows of many pieces to figures, each with the interval in which chance could have put it.

Pieces of one song resemble each other, so whole songs are drawn anew (Efron's bootstrap): variants of a song are not
taken for more music than there is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64]

Row = Mapping[str, Any]
"""One piece heard by one tracker: tracker, kind, name, song, seconds, cpu_s and the figures of ``ears.metrics``."""
Statistic = Callable[["Values", "Values"], float]
"""(N,) values and (N,) weights to one number."""

DRAWS = 400
"""How often the songs are drawn anew."""
SEED = 20


def mean(values: Values, weights: Values) -> float:
    """The weighted mean."""
    return float(values @ weights / weights.sum())


def highest(values: Values, weights: Values) -> float:
    """The greatest value that has any weight."""
    return float(values[weights > 0].max())


def quantile(share: float) -> Statistic:
    """The smallest value that at least ``share`` of the weight does not exceed."""

    def of(values: Values, weights: Values) -> float:
        order = np.argsort(values, kind="stable")
        heap = np.cumsum(weights[order])
        return float(values[order][min(int(np.searchsorted(heap, share * heap[-1])), len(values) - 1)])

    return of


median, p95 = quantile(0.5), quantile(0.95)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the page: ``key`` of the rows, made a number by ``change``, summed up by ``statistic``.

    ``form`` writes the number; ``goal`` is what our own tracker is to reach, ``more`` whether more is better.
    """

    key: str
    name: str
    statistic: Statistic = mean
    form: str = "{:.3f}"
    change: Callable[[Values], Values] = np.asarray
    more: bool = True


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and the middle 95 % of what other songs of the same kind would have given."""

    value: float
    low: float
    high: float
    count: int

    def text(self, form: str) -> str:
        """The number with its interval."""
        return f"{form.format(self.value)} ({form.format(self.low)}..{form.format(self.high)})"


def estimate(rows: Sequence[Row], figure: Figure, draws: int = DRAWS) -> Estimate | None:
    """The figure over ``rows``, or None when no row can tell."""
    values, songs = gather(rows, figure)
    if not len(values):
        return None
    number = int(songs.max()) + 1
    rng = np.random.default_rng(SEED)
    made = []
    for _ in range(draws if number > 1 else 0):
        weights = np.bincount(rng.integers(0, number, number), minlength=number)[songs].astype(float)
        if weights.any():
            made.append(figure.statistic(values, weights))
    value = figure.statistic(values, np.ones(len(values)))
    low, high = _ends(made or [value])
    return Estimate(value, low, high, len(values))


def _ends(made: Sequence[float]) -> tuple[float, float]:
    """The 2.5th and 97.5th of a hundred, without arithmetic between them: some may be infinite."""
    ordered = sorted(made)
    return ordered[int(0.025 * (len(ordered) - 1))], ordered[round(0.975 * (len(ordered) - 1))]


def gather(rows: Sequence[Row], figure: Figure) -> tuple[Values, NDArray[np.intp]]:
    """(N,) every number that the rows hold for ``figure`` and (N,) which song it is from."""
    names: dict[str, int] = {}
    values, songs = [], []
    for row in rows:
        told = row.get(figure.key)
        told = [] if told is None else told if isinstance(told, list) else [told]
        if told:
            values += told
            songs += [names.setdefault(row["song"], len(names))] * len(told)
    return np.asarray(figure.change(np.array(values, float))), np.array(songs, np.intp)


def difference(before: Sequence[Row], after: Sequence[Row], key: str) -> Estimate | None:
    """How much ``key`` has changed on the pieces that both lists hold; the interval is that of the change itself."""
    old = {(row["kind"], row["name"]): row.get(key) for row in before}
    changed = [{"song": row["song"], key: row[key] - was} for row in after
               if row.get(key) is not None and (was := old.get((row["kind"], row["name"]))) is not None]
    return estimate(changed, Figure(key, key))
