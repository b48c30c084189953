"""Models of one user's steps, and of all users'. Pure: steps in, counts out.

The probability of a next step comes from long contexts where much is known of them, and from short
ones elsewhere: interpolation with a Dirichlet prior at each level (MacKay and Peto: *A hierarchical
Dirichlet language model*, 1995; as a smoothing method compared by Chen and Goodman, 1999). With
counts c of the level's context, n their sum, and p the probability that the next shorter level
gives::

    P(x) = (c(x) + k * p(x)) / (n + k)

The levels, from short to long: all users; all users after the last step; this user; this user after
the last step; this user after the last two. A level without data has n = 0 and passes on the level
below it, so a new user is predicted as the population is. Each level is a distribution because the
one below is.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple, TypeAlias, TypeVar, cast

from yoto.rooms.prefetch.learning.counts import Counts, Decay, Tables
from yoto.rooms.prefetch.steps import Step

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


# s. After so long without a step the next one begins a session, with no context from before. Half
# an hour is the custom of web analytics (Catledge and Pitkow 1995 measured 25.5 min).
SESSION_GAP = 1_800.0
HOURS = 24
HOUR = 3_600.0

# Sizes of one user's tables: habits fit, and a model stays below about 60 KB.
USER_STEPS, USER_CONTEXTS, USER_PAIRS, USER_NEXT = 64, 32, 64, 6
USER_ACTIVITIES = 32
# Sizes of the population's model.
ALL_STEPS, ALL_CONTEXTS, ALL_NEXT = 4_096, 4_096, 8
ALL_ACTIVITIES = 512

# A kind of action: unusual behaviour is judged by it, in whichever channel it was.
UserAction: TypeAlias = tuple[str, str]


class Context(NamedTuple):
    """A user's last steps, as far as they belong to the current session."""

    last: Step | None = None
    before: Step | None = None


NOTHING = Context()


class Model:
    """Counts of steps, of steps after a step, of kinds of actions, and of hours."""

    def __init__(self, half_life: float, began: float, sizes: tuple[int, int, int, int]) -> None:
        """``half_life`` in s, ``began`` in epoch s; sizes: steps, contexts, next ones, actions."""
        steps, contexts, following, activities = sizes
        self.decay = Decay(half_life, began)
        self.steps: Counts[Step] = Counts(steps)
        self.after: Tables[Step] = Tables(contexts, following)
        self.activities: Counts[UserAction] = Counts(activities)
        self.hours: Counts[int] = Counts(HOURS)

    def count(self, step: Step, context: Context, at: float) -> float:
        """Count a step; its weight."""
        weight = self.decay.weight(at)
        self.steps.add(step, weight)
        if context.last is not None:
            self.after.add(context.last, step, weight)
        return weight

    def count_activity(self, step: Step, at: float) -> None:
        """Count an action, and its hour."""
        weight = self.decay.weight(at)
        self.activities.add((step.action, step.kind), weight)
        self.hours.add(hour_of(at), weight)

    def levels(self, context: Context, now: float) -> list[Level]:
        """The non-empty counts for the next step, short contexts first."""
        found: list[Counts[Step] | None] = [self.steps]
        if context.last is not None:
            found.append(self.after.get(context.last))
        return as_levels(found, self.decay.scale(now))


class UserModel(Model):
    """The steps of one user, with their last two as a context too.

    Attributes:
        context: the user's present context.
        last_at: epoch s of the newest step.
        read_ms: Redis time when the history was read, which has earlier log entries; None: it
            could not be read.
    """

    def __init__(self, half_life: float, began: float) -> None:
        super().__init__(half_life, began, (USER_STEPS, USER_CONTEXTS, USER_NEXT, USER_ACTIVITIES))
        self.after_two: Tables[Step] = Tables(USER_PAIRS, USER_NEXT)
        self.context = NOTHING
        self.last_at = began
        self.read_ms: float | None = None

    def learn(self, step: Step, at: float, observed: bool) -> Context | None:
        """Count a step after those before it.

        The same step again is no step: a user who reads one channel for an hour goes nowhere.

        Args:
            observed: an action that only a client reported says nothing about its user's habits.

        Returns:
            The context it was counted after; None if it was not counted as a step.
        """
        if observed:
            self.count_activity(step, at)
        context = self.context_at(at)
        self.last_at = max(self.last_at, at)
        if step == context.last:
            return None
        weight = self.count(step, context, at)
        if context.before is not None:
            self.after_two.add(context, step, weight)
        self.context = Context(step, context.last)
        return context

    def context_at(self, now: float) -> Context:
        """The context of a step at ``now``."""
        return self.context if now - self.last_at <= SESSION_GAP else NOTHING

    def levels(self, context: Context, now: float) -> list[Level]:
        levels = super().levels(context, now)
        if context.before is not None:
            levels += as_levels([self.after_two.get(context)], self.decay.scale(now))
        return levels


class Population(Model):
    """The steps of all users, without their ids."""

    def __init__(self, half_life: float, began: float) -> None:
        super().__init__(half_life, began, (ALL_STEPS, ALL_CONTEXTS, ALL_NEXT, ALL_ACTIVITIES))


def as_levels(found: list[Counts[Step] | None], scale: float) -> list[Level]:
    """The non-empty ones of ``found``, as levels."""
    return [
        Level(cast("Counts[Hashable]", counts), scale)
        for counts in found
        if counts is not None and counts.total > 0
    ]


def hour_of(at: float) -> int:
    """The hour of the day in UTC, 0 to 23."""
    return int(at // HOUR) % HOURS
