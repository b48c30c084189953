"""One call in the memory of each kind of guard, and the calls of a process not collected yet."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from ..settings import MultiDimensionalKey

# Beside the numbers of ``Outcome``: the breaker did not admit the call.
REFUSED = 3

# A caller's parts (user, server, address), or the key that the code gave.
PlainKey: TypeAlias = tuple[int | str | None, int | str | None, str | None] | str | int | None


# A call as guards note it, one tuple for all parts of a guard: when it was admitted, by the runtime
# clock, seconds it had waited by then, seconds it ran, its partition, its outcome or REFUSED, the
# key it was counted for, and its units.
Noted: TypeAlias = tuple[float, float, float, str, int, MultiDimensionalKey | str | int | None, int]


class LimitedCall(NamedTuple):
    """A call that a rate limit counted.

    Attributes:
        at: when it came, seconds.
        key: the caller that it was counted for.
        cost: units; below 0 when they were given back.
        allowed: whether it was admitted.
    """

    at: float
    key: PlainKey
    cost: int
    allowed: bool


class BreakerCall(NamedTuple):
    """A call that asked a circuit breaker.

    Attributes:
        at: when it came, seconds.
        seconds: how long it ran; 0 when it was refused.
        outcome: a number of ``Outcome``, or ``REFUSED``.
    """

    at: float
    seconds: float
    outcome: int


class SlotCall(NamedTuple):
    """A call to a bulkhead.

    Attributes:
        at: when it came, seconds.
        waited: seconds until it was admitted.
        seconds: how long it was inside; 0 when it was refused.
        partition: its partition.
        admitted: whether it was admitted.
    """

    at: float
    waited: float
    seconds: float
    partition: str
    admitted: bool


Call: TypeAlias = LimitedCall | BreakerCall | SlotCall


def limited_call(offset: float, noted: Noted) -> LimitedCall:
    """As a rate limit sees it; ``offset`` makes its time Redis time."""
    at, _, _, _, outcome, key, cost = noted
    return LimitedCall(at + offset, plain_key(key), cost, outcome != REFUSED)


def breaker_call(offset: float, noted: Noted) -> BreakerCall:
    """As a breaker sees it."""
    return BreakerCall(noted[0] + offset, noted[2], int(noted[4]))


def slot_call(offset: float, noted: Noted) -> SlotCall:
    """As a bulkhead sees it; it came before it waited."""
    since, waited, seconds, partition, outcome, _, _ = noted
    return SlotCall(since - waited + offset, waited, seconds, partition, outcome != REFUSED)


def plain_key(key: MultiDimensionalKey | PlainKey) -> PlainKey:
    """A key as it is stored."""
    if isinstance(key, MultiDimensionalKey):
        address = key.ip_address
        return _part(key.user_id), _part(key.server_id), None if address is None else _text(address)
    return _part(key) if isinstance(key, int | str) else key


def _part(value: int | str | None) -> int | str | None:
    """A number or text that the stored form can hold: numbers of 64 bits, and text of UTF-8."""
    if isinstance(value, str):
        return _text(value)
    return value if value is None or -(2**63) <= value < 2**63 else str(value)


def _text(value: str) -> str:
    return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()


def caller_of(plain: PlainKey) -> str:
    """A key in words, without the address; empty for an address alone."""
    if not isinstance(plain, tuple):
        return "" if plain is None else str(plain)
    user, server, _ = plain
    parts = {"user": user, "server": server}
    return " ".join(f"{name}:{value}" for name, value in parts.items() if value is not None)


def key_of(plain: PlainKey) -> MultiDimensionalKey | str | int | None:
    """The key in a stored form."""
    return MultiDimensionalKey(*plain) if isinstance(plain, tuple) else plain


# Calls. They are collected once a second; of a busier guard the oldest are lost.
MOST_IN_PROCESS = 2_000


class Trail:
    """A ring of calls. Safe for threads: a guard appends while another thread takes.

    Attributes:
        note: takes one call; its price is that of one ``deque.append``.
    """

    __slots__ = ("_calls", "note")

    def __init__(self, most: int = MOST_IN_PROCESS) -> None:
        self._calls: deque[Noted] = deque(maxlen=most)
        self.note = self._calls.append

    def take(self) -> tuple[list[Noted], bool]:
        """The calls since the last time, and whether older ones may have been lost."""
        waiting = len(self._calls)
        return [self._calls.popleft() for _ in range(waiting)], waiting == self._calls.maxlen


@dataclass(slots=True)
class KeyUse:
    """The calls of one caller in a stretch of time.

    Attributes:
        key: the caller as the limit knows it.
        passed, rejected: calls.
    """

    key: PlainKey
    passed: int = 0
    rejected: int = 0


def top_keys(calls: Sequence[LimitedCall], most: int) -> list[KeyUse]:
    """The callers with the most refusals, then with the most calls."""
    uses: dict[PlainKey, KeyUse] = {}
    for call in calls:
        if call.cost <= 0:
            continue
        use = uses.get(call.key)
        if use is None:
            use = uses[call.key] = KeyUse(call.key)
        if call.allowed:
            use.passed += 1
        else:
            use.rejected += 1
    return sorted(uses.values(), key=lambda use: (use.rejected, use.passed), reverse=True)[:most]
