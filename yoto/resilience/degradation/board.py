"""The levels that alerts and other programs have raised, for the whole fleet."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from yoto.errors import ValidationFailed
from yoto.events import EventStream
from yoto.redis import REDIS_UNAVAILABLE, KeyBuilder, ScriptRegistry, ServerClock, load_script
from yoto.rules import Number, Text, checked

from ..settings import DegradationLevel

log = logging.getLogger(__name__)

# Sources. Alerts have names from code or configuration; more than this is a leak.
MOST_SOURCES = 1_000
# Characters.
LONGEST_TEXT = 200
# s. A source renews its level while the cause lasts; a forgotten one must not last for ever.
LONGEST_TTL = 24 * 3600.0

_LUA = "yoto.resilience.degradation.lua"
_READ = load_script(_LUA, "board_read.lua")
_RAISE = load_script(_LUA, "board_raise.lua")
_LEVELS = list(DegradationLevel)


@dataclass(frozen=True, slots=True)
class RaisedLevel:
    """A level requested by a source.

    Attributes:
        source: the requester, such as ``alert:error_rate``.
        level: the level; for a feature that names the source as its alert, ``none`` is enough.
        until: Redis time in ms at which it ends.
        feature: the affected feature; empty for all.
        shared: False while only this process knows, without Redis.
    """

    source: str
    level: DegradationLevel
    until: int
    feature: str = ""
    shared: bool = True


class Board:
    """This process's copy of the board; reading it costs no round trip."""

    def __init__(
        self,
        scripts: ScriptRegistry,
        keys: KeyBuilder,
        stream: EventStream,
        clock: ServerClock,
    ) -> None:
        self._scripts = scripts
        # One script writes the board and the event, so they share a slot.
        self._keys = [keys.event_stream("degradation"), stream.key]
        self._stream = stream
        self._clock = clock
        self._lock = threading.Lock()
        self._raised: tuple[RaisedLevel, ...] = ()

    def active(self) -> list[RaisedLevel]:
        """The levels that hold now."""
        raised = self._raised
        if not raised:
            return []
        now = self._clock.now_ms()
        return [one for one in raised if one.until > now]

    def raise_level(
        self,
        source: str,
        level: DegradationLevel,
        ttl: float,
        feature: str = "",
        reason: str = "",
    ) -> bool:
        """Raise or renew the level of a source; ``ttl`` 0 takes it back.

        Args:
            ttl: seconds, at most a day.

        Returns:
            Whether the fleet knows; if not, it holds here, and is published when Redis is back.

        Raises:
            ValidationFailed: a value is refused, or there are too many sources.
        """
        _check(source, feature, reason, ttl)
        args: list[str | int] = [source, level.rank, round(ttl * 1000), feature, reason]
        try:
            reply = self._run(_RAISE, [*args, MOST_SOURCES])
        except REDIS_UNAVAILABLE as error:
            log.warning("degradation by %s is known here only: %s", source, error)
            self._raise_here(source, level, ttl, feature)
            return False
        if reply == -1:
            raise ValidationFailed({"source": f"more than {MOST_SOURCES} sources raise a level"})
        self._take(reply)
        return True

    def refresh(self) -> None:
        """Read the board, and publish levels that only this process knows.

        Raises:
            StoreUnavailable, redis.exceptions.RedisError: Redis does not respond.
        """
        now = self._clock.now_ms()
        for one in self._raised:
            if not one.shared and one.until > now:
                args: list[str | int] = [one.source, one.level.rank, int(one.until - now)]
                self._run(_RAISE, [*args, one.feature, "raised without redis", MOST_SOURCES])
        self._take(self._run(_READ, []))

    def _run(self, script: Any, args: list[str | int]) -> Any:
        stream = self._stream
        asked_at = time.monotonic()
        full = [*args, stream.source, stream.max_length, stream.ttl_ms]
        reply = self._scripts.run(script, self._keys, full)
        if reply != -1:
            self._clock.observe(reply[0], asked_at)
        return reply

    def _take(self, reply: list[Any]) -> None:
        flat = reply[1]
        shared = tuple(_parse(flat[::2], flat[1::2]))
        with self._lock:
            self._raised = shared

    def _raise_here(self, source: str, level: DegradationLevel, ttl: float, feature: str) -> None:
        until = int(self._clock.now_ms() + ttl * 1000)
        with self._lock:
            others = tuple(one for one in self._raised if one.source != source)
            mine = RaisedLevel(source, level, until, feature)
            self._raised = (*others, replace(mine, shared=False)) if ttl > 0 else others


def _parse(sources: Iterable[bytes], values: Iterable[bytes]) -> Iterable[RaisedLevel]:
    for source, value in zip(sources, values, strict=True):
        rank, until, feature = value.decode().split(" ", 2)
        yield RaisedLevel(source.decode(), _LEVELS[int(rank)], int(until), feature)


def _check(source: str, feature: str, reason: str, ttl: float) -> None:
    allowed = f"at most {LONGEST_TEXT} characters"
    some = Text(LONGEST_TEXT, shortest=1, says=f"1 to {LONGEST_TEXT} characters")
    checked("source", source, some, shown=False)
    checked("feature", feature, Text(LONGEST_TEXT, says=allowed), shown=False)
    checked("reason", reason, Text(LONGEST_TEXT, says=allowed), shown=False)
    checked("ttl", ttl, Number(0, LONGEST_TTL, says=f"from 0 to {LONGEST_TTL:.0f} seconds"))
