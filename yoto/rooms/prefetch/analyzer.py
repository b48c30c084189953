"""This process's model of user behaviour, and the predictions from it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cachebox import LRUCache

from yoto.rooms.prefetch.learning import (
    Context,
    Level,
    Population,
    UserModel,
    hour_probabilities,
    probabilities,
    unusual,
)
from yoto.rooms.prefetch.learning.models import SESSION_GAP
from yoto.rooms.prefetch.recording import Kept
from yoto.rooms.prefetch.settings import PrefetchSettings
from yoto.rooms.prefetch.steps import Step, UserBehavior

# Users whose last step is remembered, so that the population learns which step follows which.
LAST_STEPS = 10_000
# s by which an action may seem to come from the future: Redis was asked a moment ago.
AHEAD = 5.0


@dataclass(frozen=True, slots=True)
class Prediction:
    """A step that may come next, with its probability, 0 to 1."""

    step: Step
    probability: float


@dataclass(frozen=True, slots=True)
class Profile:
    """The model of a user.

    Attributes:
        activities: the number of actions, as decayed counts of now.
        hours: share of actions in each hour of the day in UTC; they add up to 1.
        actions: permissions by how often they are used, most first: action, resource type, share.
    """

    activities: float
    hours: tuple[float, ...]
    actions: tuple[tuple[str, str, float], ...]


class BehaviorAnalyzer:
    """Models of users and of the population. Safe for threads.

    A user's model is made from the history in Redis when it is first needed (``install``), kept for
    the users seen last, and continues with the actions that this process sees and those of others
    in the log.
    """

    def __init__(self, settings: PrefetchSettings, now: Callable[[], float]) -> None:
        """``now`` gives the time in epoch s."""
        self._settings = settings
        self._now = now
        self._lock = threading.RLock()
        self._users: LRUCache[int, UserModel] = LRUCache(settings.users)
        self._last: LRUCache[int, tuple[Step, float]] = LRUCache(LAST_STEPS)
        self._everybody = self._new_population()

    def unknown(self, user_ids: Iterable[int]) -> list[int]:
        """Users without a model, or with one without the history."""
        with self._lock:
            found = ((one, self._model(one)) for one in dict.fromkeys(user_ids))
            return [one for one, model in found if model is None or model.read_ms is None]

    def install(self, histories: Mapping[int, Kept]) -> None:
        """Make models of users from their histories."""
        with self._lock:
            for user_id, kept in histories.items():
                model = UserModel(self._settings.half_life, self._began(kept))
                for activity in kept.activities:
                    model.learn(activity.step, activity.at, activity.observed)
                model.read_ms = kept.server_ms
                self._users.insert(user_id, model)

    def learn(self, activity: UserBehavior) -> None:
        """Learn an action that this process saw, also of a user whose history cannot be read
        now."""
        with self._lock:
            model: UserModel | None = self._users.get(activity.user_id)
            if model is None or model.decay.exhausted(self._now()):
                model = UserModel(self._settings.half_life, self._now())
                self._users.insert(activity.user_id, model)
            self._learn(model, activity)

    def hear(self, activities: Sequence[UserBehavior], written_ms: float) -> None:
        """Learn an action that another worker saw: for a user known here, and for the population.

        ``written_ms`` is when it was logged, in Redis time.
        """
        with self._lock:
            for activity in activities:
                model = self._model(activity.user_id)
                if model is not None and written_ms <= (model.read_ms or 0.0):
                    model = None  # histories are written right after the log: it had this already
                self._learn(model, activity)

    def predict(self, user_id: int, own_only: bool = False) -> list[Prediction]:
        """The user's likely next steps, likeliest first; the rest to 1 is for unlikely ones.

        Args:
            own_only: only steps that the user has taken before: the activity of others must not be
                revealed.
        """
        with self._lock:
            now = self._now()
            model = self._model(user_id)
            everybody = self._everybody
            context = Context() if model is None else model.context_at(now)
            if not own_only and model is None and user_id in self._last:
                context = self._last_context(user_id, now)
            levels: list[Level] = everybody.levels(context, now)
            candidates: dict[Step, None] = {}
            if not own_only and context.last is not None:
                after = everybody.after.get(context.last)
                candidates |= dict.fromkeys(after.weights if after else ())
            if model is not None:
                levels += model.levels(context, now)
                candidates |= dict.fromkeys(model.steps.weights)
            found = probabilities(candidates, levels)
        ordered = sorted(found.items(), key=lambda item: (-item[1], item[0][:2], item[0].id or 0))
        return [Prediction(step, chance) for step, chance in ordered]

    def profile(self, user_id: int) -> Profile | None:
        """The model of a user; None: nothing is known."""
        with self._lock:
            model, now = self._model(user_id), self._now()
            if model is None or not model.activities.total:
                return None
            weights = model.activities.weights
            ordered = sorted(weights, key=lambda activity: (-weights[activity], activity))
            return Profile(
                model.activities.total / model.decay.scale(now),
                tuple(hour_probabilities(model, now)),
                tuple((*activity, model.activities.share(activity)) for activity in ordered),
            )

    def unusual(self, user_id: int, action: str, resource_type: str) -> float | None:
        """How unusual it is, 0 to 1, that the user does this now; None: too little is known.

        Actions that clients reported do not count.
        """
        with self._lock:
            model = self._model(user_id)
            if model is None:
                return None
            return unusual(model, self._everybody, (action, resource_type), self._now())

    def forget(self, user_id: int) -> None:
        """Forget a user. The population's counts stay: they cannot be attributed to users."""
        with self._lock:
            self._users.pop(user_id, None)
            self._last.pop(user_id, None)

    def forget_all(self) -> None:
        """Forget everything about all users."""
        with self._lock:
            self._users.clear()
            self._last.clear()
            self._everybody = self._new_population()

    @property
    def sizes(self) -> dict[str, int]:
        """The numbers of users' models, and of the population's steps and contexts."""
        with self._lock:
            everybody = self._everybody
            return {
                "users": len(self._users),
                "steps": len(everybody.steps.weights),
                "contexts": len(everybody.after.tables),
            }

    def _learn(self, model: UserModel | None, activity: UserBehavior) -> None:
        # No action is from the future: a wrong clock would otherwise devalue all others.
        at = min(activity.at, self._now() + AHEAD)
        if model is not None:
            model.learn(activity.step, at, activity.observed)
        if not activity.observed:
            return
        if self._everybody.decay.exhausted(at):
            self._everybody = self._new_population()
        self._everybody.count_activity(activity.step, at)
        context = self._last_context(activity.user_id, at)
        if context.last != activity.step:
            self._everybody.count(activity.step, context, at)
        self._last.insert(activity.user_id, (activity.step, at))

    def _model(self, user_id: int) -> UserModel | None:
        found: UserModel | None = self._users.peek(user_id)
        return found

    def _last_context(self, user_id: int, at: float) -> Context:
        found: tuple[Step, float] | None = self._last.peek(user_id)
        step, when = found or (None, at)
        return Context(step) if at - when <= SESSION_GAP else Context()

    def _new_population(self) -> Population:
        return Population(self._settings.half_life, self._now() - self._settings.retention)

    def _began(self, kept: Kept) -> float:
        return min([activity.at for activity in kept.activities], default=self._now())
