"""Models of one user's steps, and of all users'. Pure: steps in, counts out."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple, TypeAlias, cast

from yoto.rooms.prefetch.learning.counts import Counts, Decay, Tables
from yoto.rooms.prefetch.learning.mixing import Level
from yoto.rooms.prefetch.steps import Step

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
