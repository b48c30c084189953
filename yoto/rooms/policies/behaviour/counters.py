"""Counters of single users' actions, in Redis. Each decays by half in its half-life.

A user's risk is a score of recent actions, with its parts. The weights are a judgement, not a
measurement: a forgotten password alone stays far below the limit of the default policies, guessing
together with being refused everywhere passes it.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yoto.redis import RedisConnection, Script, load_script

HIGHEST = 100.0
# Points for each, and at most.
FAILED_SIGN_IN, FAILED_SIGN_INS_MAX = 6.0, 40.0
DENIAL, DENIALS_MAX = 2.0, 30.0
# Acts that a busy person does within the memory of the counter, about a minute and a half.
BUSY_ACTS = 30.0
ACT, VELOCITY_MAX = 1.0, 30.0
# Acts that must be known before an hour can be unusual, and the share of them that makes one usual.
KNOWN_ACTS, USUAL_SHARE = 30.0, 0.02
UNUSUAL_HOUR = 20.0
NEW_ACCOUNT, NEW_ACCOUNT_DAYS = 10.0, 1.0
# Points for the most unusual behaviour: like an unusual hour, no reason by itself.
UNUSUAL_BEHAVIOUR = 20.0

HOURS = 24


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A user's actions, as decayed counts.

    Attributes:
        failed_sign_ins: from the network that they are in; half-life a quarter of an hour.
        denials: half-life a quarter of an hour.
        acts: requests that change something, without moderation; half-life a minute.
        hours: acts by hour of the day in UTC, 0 to 23; half-life two weeks.
        hour: the hour it is now.
    """

    failed_sign_ins: float = 0.0
    denials: float = 0.0
    acts: float = 0.0
    hours: Mapping[int, float] | None = None
    hour: int = 0


@dataclass(frozen=True, slots=True)
class Risk:
    """``score`` is the sum of ``parts``, at most 100."""

    score: float
    parts: Mapping[str, float]


def risk_of(behaviour: Behaviour, account_age_days: float, unusual: float | None = None) -> Risk:
    """The risk in allowing a user an important action.

    Args:
        unusual: the distance between present and usual behaviour, 0 to 1; None: unknown, and then
            the part is missing.
    """
    beyond = max(0.0, behaviour.acts - BUSY_ACTS)
    parts = {
        "failed_sign_ins": min(FAILED_SIGN_INS_MAX, FAILED_SIGN_IN * behaviour.failed_sign_ins),
        "denials": min(DENIALS_MAX, DENIAL * behaviour.denials),
        "velocity": min(VELOCITY_MAX, ACT * beyond),
        "unusual_hour": UNUSUAL_HOUR if _is_unusual(behaviour) else 0.0,
        "new_account": NEW_ACCOUNT if account_age_days < NEW_ACCOUNT_DAYS else 0.0,
    }
    if unusual is not None:
        parts["unusual_behaviour"] = UNUSUAL_BEHAVIOUR * unusual
    parts = {name: round(points, 2) for name, points in parts.items()}
    return Risk(round(min(HIGHEST, sum(parts.values())), 2), parts)


def _is_unusual(behaviour: Behaviour) -> bool:
    hours = behaviour.hours or {}
    known = sum(hours.values())
    if known < KNOWN_ACTS:
        return False
    near = sum(hours.get((behaviour.hour + step) % HOURS, 0.0) for step in (-1, 0, 1))
    return near / known < USUAL_SHARE


PACKAGE = "yoto.rooms.policies.behaviour.lua"
_NOTE = load_script(PACKAGE, "note.lua")
_LOOK = load_script(PACKAGE, "look.lua")

SECOND_MS = 1000
MINUTE_MS, HOUR_MS = 60 * SECOND_MS, 3600 * SECOND_MS
HOURS_HALF_LIFE_MS = 14 * 24 * HOUR_MS
# After two months without an action a user is forgotten.
KEPT_MS = 60 * 24 * HOUR_MS
# Failures from a network: sixteen half-lives, in which any number of them comes to nothing.
FAILURES_KEPT_MS = 4 * HOUR_MS


class CountedAction(enum.Enum):
    """The counted actions, with their half-lives in ms."""

    FAILED_SIGN_IN = ("failed_sign_ins", 15 * MINUTE_MS)
    DENIAL = ("denials", 15 * MINUTE_MS)
    ACT = ("acts", MINUTE_MS)

    def __init__(self, counter: str, half_life_ms: int) -> None:
        self.counter = counter
        self.half_life_ms = half_life_ms


class BehaviourCounters:
    """The counters of one application."""

    def __init__(self, redis: RedisConnection) -> None:
        """Nothing connects before the first call."""
        self._redis = redis
        self._read: Callable[[], None] = _nothing

    def read_first(self, read: Callable[[], None]) -> None:
        """Call ``read`` before each look-up: it counts actions that still wait elsewhere."""
        self._read = read

    def note(self, actions: Iterable[tuple[int, CountedAction]]) -> list[Exception]:
        """Count actions of users, in one round trip to each server.

        Returns:
            The errors of the servers that did not count.

        Raises:
            StoreUnavailable: no server is known to ask.
        """
        calls = [
            self._call(
                self._key(user_id),
                action,
                HOURS_HALF_LIFE_MS if action is CountedAction.ACT else 0,
                KEPT_MS,
            )
            for user_id, action in actions
        ]
        replies = self._redis.scripts.run_many(calls, raise_errors=False)
        return [reply for reply in replies if isinstance(reply, Exception)]

    def note_failed_sign_in(self, user_id: int, network: str) -> None:
        """Count a wrong password; raises ``StoreUnavailable``.

        It says something about users in that network, and nothing about the owner in another:
        otherwise any stranger could raise any user's risk.

        Args:
            network: where it came from, as ``network_of`` gives it.
        """
        key = self._key(user_id, network)
        self._redis.scripts.run(*self._call(key, CountedAction.FAILED_SIGN_IN, 0, FAILURES_KEPT_MS))

    def look(self, user_id: int, network: str | None) -> Behaviour:
        """The present behaviour of a user who is in ``network``; raises ``StoreUnavailable``."""
        self._read()
        keys = [self._key(user_id)]
        if network is not None:
            keys.append(self._key(user_id, network))
        return behaviour_of(self._redis.scripts.run(_LOOK, keys))

    @staticmethod
    def _call(
        key: str, action: CountedAction, hours_half_life_ms: int, kept_ms: int
    ) -> tuple[Script, Sequence[str], Sequence[Any]]:
        arguments = (action.counter, action.half_life_ms, hours_half_life_ms, kept_ms)
        return _NOTE, [key], arguments

    def _key(self, user_id: int, *network: str) -> str:
        return self._redis.keys.tagged(("behaviour", user_id), *network)


def _nothing() -> None:
    """Nothing waits."""


def behaviour_of(reply: Sequence[int | bytes]) -> Behaviour:
    """The result of ``look.lua``, decayed to its own time."""
    now_ms = int(reply[0])
    texts = [str(part, "ascii") for part in reply[1:] if isinstance(part, bytes)]
    fields = dict(zip(texts[::2], texts[1::2], strict=True))

    def counted(counter: str, half_life_ms: int) -> float:
        value, at = fields.get(counter), fields.get(f"{counter}:at")
        if value is None or at is None:
            return 0.0
        age = max(0.0, now_ms - float(at))
        decayed: float = float(value) * 2.0 ** (-age / half_life_ms)
        return decayed

    return Behaviour(
        **{
            action.counter: counted(action.counter, action.half_life_ms) for action in CountedAction
        },
        hours={hour: counted(f"hour{hour}", HOURS_HALF_LIFE_MS) for hour in range(HOURS)},
        hour=now_ms // HOUR_MS % HOURS,
    )
