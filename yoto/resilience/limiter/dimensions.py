"""From a caller's key to the counted dimensions: their Redis keys and their quotas."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple, TypeAlias

from yoto.errors import ValidationFailed
from yoto.redis import KeyBuilder, escape

from ..algorithms import Algorithm, Leases, Quota, find_algorithm
from ..networks import site_of
from ..settings import (
    Dimension,
    GuardMode,
    LimitWindow,
    MultiDimensionalKey,
    RateLimitConfig,
    span_text,
    windows_of,
)

Key: TypeAlias = str | int | MultiDimensionalKey | None

MICRO = 1_000_000
# How parts appear in keys. An algorithm has its own key, so that changing it live starts clean
# instead of reading another one's data.
PART_CODES = {"user": "u", "server": "s", "ip": "i", "site": "n", "global": "g", "key": "k"}
_PLACE = "=value="
# s. The longest lease, and a bound as a part of the shortest window: units that a dead worker took
# are back after that, and a bucket's burst is smaller by the units that drain meanwhile.
LONGEST_LEASE = 1.0
LEASES_IN_WINDOW = 20
# Bytes of a packed quota that determine how use counts: all but the capacity.
_COUNTS = 16


@dataclass(frozen=True, slots=True, eq=False)
class CountedDimension:
    """A window of a dimension of a limiter, with all that does not depend on the caller.

    Attributes:
        name: as in the configuration, or ``key``; with ``/hour`` behind it for a window that
            ``also`` must have room.
        parts: the parts of the caller in its keys.
        quota: its limit.
        packed: the quota as the scripts want it.
        head, tail: the text of its keys before and after the escaped values.
        step: see ``DimensionStatus``.
    """

    name: str
    parts: tuple[str, ...]
    quota: Quota
    packed: bytes
    head: str
    tail: str
    step: float | None = None


class LimiterTarget(NamedTuple):
    """The keys that one call is counted on, in matching order.

    Attributes:
        keys: Redis keys.
        dimensions: their dimensions.
        limits: their quotas, packed one after the other.
    """

    keys: list[str]
    dimensions: tuple[CountedDimension, ...]
    limits: bytes

    def by_slot(self) -> list[LimiterTarget]:
        """The windows of each dimension, which are in one slot of a cluster, by themselves."""
        slots: list[LimiterTarget] = []
        for _, group in groupby(
            zip(self.keys, self.dimensions, strict=True), lambda one: one[1].parts
        ):
            keys, dimensions = zip(*group, strict=True)
            slots.append(LimiterTarget(list(keys), dimensions, _limits(dimensions)))
        return slots


class DimensionPlan:
    """The dimensions of one configuration of one limiter.

    Attributes:
        config: its source.
        algorithm: its counting algorithm.
        scripts: the scripts of the algorithm.
        leased: whether units are taken several at once.
        lease_length: seconds for which they may be used.
    """

    def __init__(self, name: str, config: RateLimitConfig, keys: KeyBuilder) -> None:
        self.config = config
        self.algorithm: Algorithm = find_algorithm(config.algorithm)
        self.scripts = self.algorithm.scripts
        self.leased = config.mode is GuardMode.LEASED
        self.lease_length = min(LONGEST_LEASE, min(_spans(config)) / LEASES_IN_WINDOW)
        self._name = name
        self._keys = keys
        given = {dimension.name: dimension for dimension in config.dimensions}
        # Without configured dimensions each known part counts by itself.
        names = list(given) or ["user", "server", "ip"]
        self._configured = tuple(
            window for item in names for window in self._windows(given.get(item, Dimension(item)))
        )
        self._has_sites = any("site" in item.parts for item in self._configured)
        self._all_limits = _limits(self._configured)
        every = self._windows(given.get("global", Dimension("global")))
        self._global = LimiterTarget(
            [item.head + item.tail for item in every], every, _limits(every)
        )
        # A key given as text is counted instead of the parts, beside a configured global limit.
        self._text = self._windows(Dimension("key")) + (every if "global" in given else ())

    @property
    def quotas(self) -> list[tuple[str, Quota]]:
        """The quotas by name of dimension."""
        return [(item.name, item.quota) for item in self._configured]

    def window_of(self, name: str) -> float:
        """Seconds of the window under a name; of the limit itself when the name is gone."""
        every = (*self._configured, *self._text, *self._global.dimensions)
        found = (item.quota.window for item in every if item.name == name)
        return next(found, self.config.window)

    def dimension_of(self, key: str) -> CountedDimension | None:
        """The dimension that a Redis key counts; ``None``: another limit's, or none any more."""
        for item in (*self._configured, *self._text, *self._global.dimensions):
            whole = item.head + item.tail
            if key == whole if not item.parts else _between(key, item.head, item.tail):
                return item
        return None

    def counts_otherwise(self, before: DimensionPlan) -> bool:
        """Whether the use of any key may count differently than under another plan."""

        def counts(plan: DimensionPlan) -> dict[str, bytes]:
            every = (*plan._configured, *plan._text, *plan._global.dimensions)
            return {item.head + item.tail: item.packed[:_COUNTS] for item in every}

        old, new = counts(before), counts(self)
        return any(new.get(key, how) != how for key, how in old.items())

    def change_of(
        self, key: str, before: DimensionPlan
    ) -> tuple[CountedDimension, CountedDimension] | None:
        """The dimension of a Redis key under another plan and under this one; ``None``: its use
        counts as before, or not at all."""
        old, new = before.dimension_of(key), self.dimension_of(key)
        if old is None or new is None or old.packed[:_COUNTS] == new.packed[:_COUNTS]:
            return None
        return old, new

    def target(self, key: Key) -> LimiterTarget:
        """The keys to count a call with this key on; never none: a caller without known parts
        is counted on ``global``.

        Raises:
            ValidationFailed: the key is of no known type.
        """
        if isinstance(key, MultiDimensionalKey):
            return self._by_parts(key)
        if key is None:
            return self._global
        if isinstance(key, bool) or not isinstance(key, str | int):
            raise ValidationFailed({"key": f"must be text or a MultiDimensionalKey, not {key!r}"})
        text = escape(key)
        keys = [item.head + (text if item.parts else "") + item.tail for item in self._text]
        return LimiterTarget(keys, self._text, _limits(self._text))

    def _by_parts(self, key: MultiDimensionalKey) -> LimiterTarget:
        values: dict[str, str] = {}
        if key.user_id is not None:
            values["user"] = escape(key.user_id)
        if key.server_id is not None:
            values["server"] = escape(key.server_id)
        if key.ip_address is not None:
            values["ip"] = escape(key.ip_address)
            site = site_of(key.ip_address) if self._has_sites else None
            if site is not None:
                values["site"] = escape(site)
        keys: list[str] = []
        left_out = []
        for item in self._configured:
            parts = item.parts
            try:
                # Most dimensions are of one part, or of none.
                text = (
                    values[parts[0]]
                    if len(parts) == 1
                    else ":".join(map(values.__getitem__, parts))
                )
            except KeyError:
                left_out.append(item)
            else:
                keys.append(item.head + text + item.tail)
        if not left_out:
            return LimiterTarget(keys, self._configured, self._all_limits)
        if not keys:
            return self._global
        counted = tuple([item for item in self._configured if item not in left_out])
        return LimiterTarget(keys, counted, _limits(counted))

    def _windows(self, dimension: Dimension) -> tuple[CountedDimension, ...]:
        """A dimension's own window, and further ones that must have room as well."""
        config, bursts = self.config, self.algorithm.bursts
        limit = config.limit if dimension.limit is None else dimension.limit
        window = config.window if dimension.window is None else dimension.window
        burst = config.burst if dimension.burst is None else dimension.burst
        also = config.also if dimension.also is None else dimension.also
        own = Quota(limit, window, burst or limit if bursts else limit)
        return (
            self._counted(dimension, own),
            *[self._counted(dimension, Quota(*one, one.limit), one) for one in windows_of(also)],
        )

    def _counted(
        self, dimension: Dimension, quota: Quota, also: LimitWindow | None = None
    ) -> CountedDimension:
        algorithm, name = self.algorithm, dimension.name
        code = "".join(PART_CODES[part] for part in dimension.parts)
        if name == "global":
            parts: tuple[str, ...] = ()
            head, tail = self._keys.tagged(("rl", self._name, code), algorithm.code), ""
        else:
            sample = self._keys.limiter(self._name, code, _PLACE, algorithm.code)
            head, tail = sample.rsplit(_PLACE, 1)
            parts = dimension.parts
        if also is not None:
            # Named by its length: a change of one of several windows leaves the others as they are.
            tail += f":{also.seconds:.12g}"
            name += f"/{span_text(also.seconds)}"
        # Units that a lease took from the log are usable as long as its entry, and count as long.
        longer = self.leased and algorithm.leases is Leases.LONGER_WINDOW
        counted_for = quota.window + self.lease_length if longer else quota.window
        return CountedDimension(
            name=name,
            parts=parts,
            quota=quota,
            packed=struct.pack("<ddd", quota.limit, counted_for * MICRO, quota.capacity),
            head=head,
            tail=tail,
            step=algorithm.step(quota),
        )


def _between(key: str, head: str, tail: str) -> bool:
    return len(key) > len(head) + len(tail) and key.startswith(head) and key.endswith(tail)


def _spans(config: RateLimitConfig) -> list[float]:
    """Seconds of every window of a limit."""
    texts = [config.also, *[one.also or "" for one in config.dimensions]]
    own = [one.window for one in config.dimensions if one.window is not None]
    return [config.window, *own, *[one.seconds for text in texts for one in windows_of(text)]]


def _limits(dimensions: Sequence[CountedDimension]) -> bytes:
    return b"".join([item.packed for item in dimensions])
