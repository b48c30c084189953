"""Counters of single users' actions, in Redis. Each decays by half in its half-life."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from yoto.redis import RedisConnection, Script, load_script
from yoto.rooms.policies.behaviour.risk import HOURS, Behaviour

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
