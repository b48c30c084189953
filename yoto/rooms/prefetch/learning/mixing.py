"""The probability of a next step: long contexts where much is known of them, short ones elsewhere.

Interpolation with a Dirichlet prior at each level (MacKay and Peto: *A hierarchical Dirichlet
language model*, 1995; as a smoothing method compared by Chen and Goodman, 1999). With counts c of
the level's context, n their sum, and p the probability that the next shorter level gives::

    P(x) = (c(x) + k * p(x)) / (n + k)

The levels, from short to long: all users; all users after the last step; this user; this user after
the last step; this user after the last two. A level without data has n = 0 and passes on the level
below it, so a new user is predicted as the population is. Each level is a distribution because the
one below is.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple, TypeVar

from yoto.rooms.prefetch.learning.counts import Counts

K = TypeVar("K", bound=Hashable)

# Actions that must be known of a context before it weighs as much as all shorter ones together.
PRIOR_ACTIVITIES = 5.0


class Level(NamedTuple):
    """Counts of one context, and the divisor that turns their weights into present counts."""

    counts: Counts[object]
    scale: float


def probability(key: object, levels: Sequence[Level], prior: float = PRIOR_ACTIVITIES) -> float:
    """The probability of ``key``; 0 where nothing is known at all.

    Args:
        levels: from short to long contexts, without those that are empty.
        prior: k of the formula, in actions.
    """
    found = 0.0
    for number, (counts, scale) in enumerate(levels):
        count, total = counts.weights.get(key, 0.0), counts.total
        if number == 0:
            found = count / total
        else:
            found = (count / scale + prior * found) / (total / scale + prior)
    return found


def distribution(levels: Sequence[Level], prior: float = PRIOR_ACTIVITIES) -> dict[object, float]:
    """The probability of everything that any level knows; the sum is 1, or 0 without a level."""
    return probabilities({key for level in levels for key in level.counts.weights}, levels, prior)


def probabilities(
    keys: Iterable[K], levels: Sequence[Level], prior: float = PRIOR_ACTIVITIES
) -> dict[K, float]:
    """The probabilities of some keys."""
    return {key: probability(key, levels, prior) for key in keys}
