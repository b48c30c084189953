"""Counters of what single users do, in Redis. Each decays by half in its half-life."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence

from app.core.policy.behaviour.risk import HOURS, Behaviour
from app.core.redis import RedisConnection, load_script

PACKAGE = "app.core.policy.behaviour.lua"
_NOTE = load_script(PACKAGE, "note.lua")
_LOOK = load_script(PACKAGE, "look.lua")

SECOND_MS = 1000
MINUTE_MS, HOUR_MS = 60 * SECOND_MS, 3600 * SECOND_MS
HOURS_HALF_LIFE_MS = 14 * 24 * HOUR_MS
# After two months of nothing nobody is known any more.
KEPT_MS = 60 * 24 * HOUR_MS
# Failures from a network: sixteen half-lives, in which any number of them comes to nothing.
FAILURES_KEPT_MS = 4 * HOUR_MS


class CountedAction(enum.Enum):
    """What is counted, with its half-life in ms."""

    FAILED_SIGN_IN = ("failed_sign_ins", 15 * MINUTE_MS)
    DENIAL = ("denials", 15 * MINUTE_MS)
    ACT = ("acts", MINUTE_MS)

    def __init__(self, counter: str, half_life_ms: int) -> None:
        self.counter = counter
        self.half_life_ms = half_life_ms


class BehaviourCounters:
    """The counters of one application.

    Attributes:
        before_look: brings what waits to be counted.
    """

    def __init__(self, redis: RedisConnection) -> None:
        """Nothing connects before the first call."""
        self._redis = redis
        self.before_look: Callable[[], None] = _nothing

    def note(self, user_id: int, action: CountedAction) -> None:
        """Count one; raises ``StoreUnavailable``."""
        hours = HOURS_HALF_LIFE_MS if action is CountedAction.ACT else 0
        self._note(self._key(user_id), action, hours, KEPT_MS)

    def note_failed_sign_in(self, user_id: int, network: str) -> None:
        """Count a wrong password; raises ``StoreUnavailable``.

        It says something about who is in that network, and nothing about the owner in another: else
        any stranger could raise anybody's risk.

        Args:
            network: where it came from, as ``network_of`` gives it.
        """
        self._note(self._key(user_id, network), CountedAction.FAILED_SIGN_IN, 0, FAILURES_KEPT_MS)

    def look(self, user_id: int, network: str | None) -> Behaviour:
        """What is known now of a user who is in ``network``; raises ``StoreUnavailable``."""
        self.before_look()
        keys = [self._key(user_id)]
        if network is not None:
            keys.append(self._key(user_id, network))
        return behaviour_of(self._redis.scripts.run(_LOOK, keys))

    def _note(self, key: str, action: CountedAction, hours_half_life_ms: int, kept_ms: int) -> None:
        arguments = (action.counter, action.half_life_ms, hours_half_life_ms, kept_ms)
        self._redis.scripts.run(_NOTE, [key], arguments)

    def _key(self, user_id: int, *network: str) -> str:
        return self._redis.keys.tagged(("behaviour", user_id), *network)


def _nothing() -> None:
    """Nothing waits."""


def behaviour_of(reply: Sequence[int | bytes]) -> Behaviour:
    """What ``look.lua`` says, decayed to its own time."""
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
