"""How much happens on a pull request: heavy-tailed counts drawn from what was measured on real pull requests.

The tables are aggregates (quantiles, no rows) of public data sets: IETF = all 973 pull requests of mlswg/mls-protocol
and tlswg/draft-ietf-tls-esni; GSoC = 17,514 pull requests of students in many open-source organizations.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from random import Random

CELLS: Final = 1 << 14


class Measured(NamedTuple):
    """Quantiles of one metric over many pull requests; `highest` ends the tail (GSoC's own maxima are accidents)."""

    zero_share: float
    p50: float
    p75: float
    p90: float
    p99: float
    highest: float

    def at(self, share: float) -> float:
        """The value below which that share of pull requests lies, between the quantiles on a logarithmic scale."""
        if share < self.zero_share:
            return 0.0
        shares = (self.zero_share, 0.5, 0.75, 0.9, 0.99, 1.0)
        values = (min(1.0, max(self.p50, 0.5)), self.p50, self.p75, self.p90, self.p99, self.highest)
        right = min(bisect_right(shares, share), len(shares) - 1)
        while shares[right] <= self.zero_share:
            right += 1
        left = right - 1 if shares[right - 1] >= self.zero_share else 0
        low, high = math.log(max(values[left], 0.5)), math.log(max(values[right], 0.5))
        return math.exp(low + (high - low) * (share - shares[left]) / (shares[right] - shares[left]))


IETF_COMMITS: Final = Measured(0.0, 1, 3, 5, 16, 97)
IETF_REVIEWS: Final = Measured(0.247, 1, 3, 7, 26, 70)
IETF_REVIEW_COMMENTS: Final = Measured(0.582, 0, 3, 9, 37, 165)
IETF_ISSUE_COMMENTS: Final = Measured(0.533, 0, 2, 4, 19, 42)
IETF_ADDITIONS: Final = Measured(0.016, 12, 37, 84, 313, 9974)
IETF_HOURS_TO_MERGE: Final = Measured(0.0, 60.59, 258.91, 906.09, 3021.73, 6135.13)
GSOC_COMMITS: Final = Measured(0.002, 3, 10, 26, 155, 700)
GSOC_ISSUE_COMMENTS: Final = Measured(0.289, 2, 5, 11, 39, 237)
GSOC_ADDITIONS: Final = Measured(0.01, 139, 500, 1702, 39554, 1_000_000)
GSOC_DELETIONS: Final = Measured(0.157, 13, 76, 339, 8050, 500_000)
GSOC_CHANGED_FILES: Final = Measured(0.002, 5, 12, 28, 184, 3000)


class Spread:
    """A table of `CELLS` equally likely values, scaled to a mean, from which a value is drawn in one step."""

    def __init__(self, *parts: tuple[int, Measured], mean: float | None = None) -> None:
        """Mixes measured tables.

        Args:
            parts: How many sixteenths of the pull requests follow which table; together sixteen.
            mean: What the values' mean shall be; the tables' own if None. The share of zeros stays.
        """
        values = [
            table.at((cell + 0.5) / (CELLS // 16 * sixteenths))
            for sixteenths, table in parts
            for cell in range(CELLS // 16 * sixteenths)
        ]
        values.sort()
        scale = 1.0 if mean is None else _scale(values, mean)
        self.values = _rounded(values, scale)

    def draw(self, random: Random) -> int:
        """One value."""
        return self.values[random.getrandbits(14)]


def _rounded(values: list[float], scale: float) -> list[int]:
    return [max(1, round(value * scale)) if value else 0 for value in values]


def _scale(values: list[float], mean: float) -> float:
    """By what to multiply the values so that, rounded, their mean is the wanted one (as near as rounding lets it)."""
    low, high = 0.0, 256.0
    for _ in range(24):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(_rounded(values, middle)) < mean * len(values) else (low, middle)
    return high
