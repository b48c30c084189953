"""From a caller's key to the things that are counted: their Redis keys and their quotas."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from app.core.errors import ValidationFailed
from app.core.redis import KeyBuilder
from app.core.redis import keys as redis_keys

from ..settings import Algorithm, Dimension, MultiDimensionalKey, RateLimitConfig
from .quota import Quota

Key: TypeAlias = str | int | MultiDimensionalKey | None

MICRO = 1_000_000
# How parts and algorithms stand in keys. An algorithm has its own key, so that changing it live
# starts clean instead of reading what another one wrote.
PART_CODES = {"user": "u", "server": "s", "ip": "i", "global": "g", "key": "k"}
ALGORITHM_CODES = {
    Algorithm.TOKEN_BUCKET: "tb",
    Algorithm.SLIDING_WINDOW: "sw",
    Algorithm.SLIDING_LOG: "sl",
    Algorithm.FIXED_WINDOW: "fw",
    Algorithm.LEAKY_BUCKET: "lb",
}
BUCKETS = (Algorithm.TOKEN_BUCKET, Algorithm.LEAKY_BUCKET)
_PLACE = "=value="


@dataclass(frozen=True, slots=True, eq=False)
class CountedDimension:
    """A dimension of a limiter, with all that does not depend on the caller.

    Attributes:
        name: as in the configuration, or ``key``.
        parts: whose values stand in its keys.
        quota: its limit.
        packed: the quota as the scripts want it.
        make_key: from the escaped values to the Redis key.
    """

    name: str
    parts: tuple[str, ...]
    quota: Quota
    packed: bytes
    make_key: Callable[[str], str]


class Target(NamedTuple):
    """What one call is counted on, in matching order.

    Attributes:
        keys: Redis keys.
        dimensions: what they are.
        limits: their quotas, packed one after the other.
    """

    keys: list[str]
    dimensions: tuple[CountedDimension, ...]
    limits: bytes


class DimensionPlan:
    """The dimensions of one configuration of one limiter.

    Attributes:
        config: what it was made from.
        algorithm: place of the algorithm in the enum, from 1, as the scripts want it.
    """

    def __init__(self, name: str, config: RateLimitConfig, keys: KeyBuilder) -> None:
        self.config = config
        self.algorithm = list(Algorithm).index(config.algorithm) + 1
        self._name = name
        self._keys = keys
        given = {dimension.name: dimension for dimension in config.dimensions}
        # Without configured dimensions each part that is known counts by itself.
        names = list(given) or ["user", "server", "ip"]
        self._configured = [self._dimension(given.get(item, Dimension(item))) for item in names]
        self._global = self._dimension(given.get("global", Dimension("global")))
        text = self._dimension(Dimension("key"))
        # A key given as text is counted instead of the parts, beside a configured global limit.
        self._text = (text, self._global) if "global" in given else (text,)
        self._limits: dict[tuple[CountedDimension, ...], bytes] = {}

    def target(self, key: Key) -> Target:
        """What a call with this key is counted on; never nothing: a caller of whom nothing is known
        is counted on ``global``.

        Raises:
            ValidationFailed: the key is of no known type.
        """
        if isinstance(key, MultiDimensionalKey):
            return self._by_parts(key)
        if key is None:
            return self._join([self._global.make_key("")], (self._global,))
        if isinstance(key, bool) or not isinstance(key, str | int):
            raise ValidationFailed({"key": f"must be text or a MultiDimensionalKey, not {key!r}"})
        keys = [item.make_key(redis_keys.escape(key) if item.parts else "") for item in self._text]
        return self._join(keys, self._text)

    def _by_parts(self, key: MultiDimensionalKey) -> Target:
        values = {"user": key.user_id, "server": key.server_id, "ip": key.ip_address}
        keys: list[str] = []
        counted: list[CountedDimension] = []
        for item in self._configured:
            texts = []
            for part in item.parts:
                value = values[part]
                if value is None:
                    break
                texts.append(redis_keys.escape(value))
            else:
                keys.append(item.make_key(":".join(texts)))
                counted.append(item)
        if not keys:
            return self._join([self._global.make_key("")], (self._global,))
        return self._join(keys, tuple(counted))

    def _join(self, keys: list[str], counted: tuple[CountedDimension, ...]) -> Target:
        limits = self._limits.get(counted)
        if limits is None:
            limits = self._limits[counted] = b"".join(item.packed for item in counted)
        return Target(keys, counted, limits)

    def _dimension(self, dimension: Dimension) -> CountedDimension:
        config = self.config
        limit = config.limit if dimension.limit is None else dimension.limit
        window = config.window if dimension.window is None else dimension.window
        burst = config.burst if dimension.burst is None else dimension.burst
        capacity = burst or limit if config.algorithm in BUCKETS else limit
        code = "".join(PART_CODES[part] for part in dimension.parts)
        algorithm = ALGORITHM_CODES[config.algorithm]
        if dimension.name == "global":
            whole = self._keys.tagged(("rl", self._name, code), algorithm)
            parts: tuple[str, ...] = ()
            head, tail = whole, ""
        else:
            sample = self._keys.limiter(self._name, code, _PLACE, algorithm)
            head, tail = sample.rsplit(_PLACE, 1)
            parts = dimension.parts
        return CountedDimension(
            name=dimension.name,
            parts=parts,
            quota=Quota(limit, window, capacity),
            packed=struct.pack("<ddd", limit, window * MICRO, capacity),
            make_key=lambda values: head + values + tail,
        )
