"""The contract of algorithms, for their authors to run: a Lua text against its twin.

Nothing here needs a test runner, and random numbers have a seed, so that failures repeat.
"""

from __future__ import annotations

import copy
import random
import struct
from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import uuid4

from yoto.redis import RedisConnection, Script

from ..scripts import LimiterScripts
from .algorithm import Algorithm
from .meter import Quota
from .registry import find_algorithm

MICRO = 1_000_000
# µs. Far in the future, so that keys end by the clock of the check and not by the server's.
BEGIN = 4_000_000_000 * MICRO
# s. Two sums of fractions, of seconds here and of microseconds there, differ by less.
NEARLY = 5e-6
# Units. Sums of fractions of units differ by less, too.
NEARLY_A_UNIT = 1e-3
WINDOW = 2.0  # s
# µs between two calls. Not round, so that nothing ends just when a call comes.
PAUSES = (0, 0, 1, 7_001, 40_009, 90_007, 300_017, 1_000_003, 1_999_993, 2_100_011, 4_000_037)
CALLS = 40  # calls of one walk
# s. How long keys may stay beyond their use (``KEPT_LONGER`` of ``limiter.lua``).
KEPT_LONGER = 10.0
_TIME = "local now = time[1] * 1000000 + time[2]"
# The dimension is the last key of each script that is compared.
_CLOCK_BESIDE = "local now = tonumber(redis.call('GET', KEYS[#KEYS] .. ':clock'))"
_REPORT = struct.Struct("<ddd")


class AlgorithmBroken(AssertionError):
    """A promise that an algorithm breaks, and the calls that show it."""


class WalkStep(NamedTuple):
    """A call: ``hit``, ``peek`` or ``give`` of units, so many µs after the one before; ``change``
    to the limit of that number."""

    pause: int
    what: str
    units: int

    def __str__(self) -> str:
        return f"after {self.pause} µs: {self.what} {self.units}"


def check_algorithm(name: str, redis: RedisConnection, walks: int = 40, seed: int = 0) -> None:
    """Run random calls through an algorithm in Redis and in memory; both must agree at each, and
    keep the promises of limits.

    Args:
        name: a registered algorithm.
        redis: a connection to a server or a cluster, such as ``redis_store.of(app)``. The check
            leaves no key there.
        walks: how many sequences of ``CALLS`` calls; each has a limit of its own.
        seed: the seed of the random calls.

    Raises:
        AlgorithmBroken: with the expected and the actual result, and the calls until then.
        KeyError: no algorithm has this name.
        StoreUnavailable, redis.exceptions.ResponseError: as scripts do.
    """
    algorithm = find_algorithm(name)
    dice = random.Random(seed)
    for _ in range(walks):
        limit = dice.choice((1, 2, 5, 12, 80))
        capacity = dice.choice((1, 3, limit, 2 * limit)) if algorithm.bursts else limit
        quota = Quota(limit, WINDOW, capacity)
        steps = list(_steps(dice, capacity))
        _check_meter(algorithm, quota, steps)
        _check_clock(algorithm, quota)
        comparison = _Comparison(algorithm, quota, redis)
        comparison.walk(steps)
        comparison.walk(_with_changes(dice, steps))
    _check_limit_of_nothing(algorithm, redis)


def with_clock(scripts: LimiterScripts, now: str) -> LimiterScripts:
    """The scripts with another clock than the server's: ``now`` is Lua that declares it."""

    def shifted(script: Script) -> Script:
        source = script.source.replace(_TIME, now)
        assert source != script.source, "a script that has an algorithm inside reads the clock"
        return Script(script.name, source, script.repeatable)

    return LimiterScripts(*map(shifted, scripts))


def _steps(dice: random.Random, most: int) -> Iterator[WalkStep]:
    for _ in range(CALLS):
        what = dice.choice(("hit", "hit", "hit", "hit", "peek", "give"))
        yield WalkStep(
            dice.choice(PAUSES), what, dice.choice((1, 1, 1, 2, max(1, most // 2), most))
        )


def _with_changes(dice: random.Random, steps: list[WalkStep]) -> list[WalkStep]:
    """The calls, with live changes of the limit among them."""
    changes = [(dice.randrange(CALLS), dice.randrange(4)) for _ in range(4)]
    changed = list(steps)
    for place, number in changes:
        changed.insert(place, WalkStep(dice.choice(PAUSES), "change", number))
    return changed


class _Comparison:
    """One key, in Redis and in memory, at moments that the check names."""

    def __init__(self, algorithm: Algorithm, quota: Quota, redis: RedisConnection) -> None:
        self._redis = redis
        self._quotas = [
            quota,
            Quota(max(1, quota.limit // 3), WINDOW, max(1, quota.capacity // 3)),
            Quota(quota.limit, 5 * WINDOW, quota.capacity),
            Quota(2 * quota.limit, WINDOW / 4, 2 * quota.capacity),
        ]
        self._key = redis.keys.tagged(("algorithm-contract", uuid4().hex))
        self._clock = f"{self._key}:clock"
        self._scripts = with_clock(algorithm.scripts, _CLOCK_BESIDE)
        self._algorithm = algorithm

    def walk(self, steps: list[WalkStep]) -> None:
        """Make the calls, compare each, and clean up."""
        self._quota = self._quotas[0]
        self._limits = _packed(self._quota)
        self._meter = self._algorithm.meter(seconds(BEGIN))
        self._done: list[WalkStep] = []
        self._requests = 0
        at = BEGIN
        try:
            for step in steps:
                at += step.pause
                self._done.append(step)
                self._redis.client.set(self._clock, at, px=600_000)
                self._forget(at)
                getattr(self, f"_{step.what}")(seconds(at), step.units)
                self._check_life(at)
        finally:
            requests = [f"{self._key}:rq:{number}" for number in range(1, self._requests + 1)]
            for key in (self._key, self._clock, *requests):
                self._redis.client.delete(key)

    def _hit(self, now: float, units: int) -> None:
        wait = self._meter.wait(now, units, self._quota)
        before = self._stored()
        allowed, report = self._run(self._scripts.hit, units, 1, request=True)
        if 0 < wait < NEARLY:
            wait = 0.0 if allowed else wait
        self._same("whether it may pass", bool(allowed), wait == 0)
        if allowed:
            self._meter.charge(now, units, self._quota)
        elif self._stored() != before:
            raise self._broken("a call that is refused writes nothing")
        self._compare(now, report, wait)

    def _peek(self, now: float, units: int) -> None:
        wait = self._meter.wait(now, units, self._quota)
        before = self._stored()
        _, report = self._run(self._scripts.peek, units)
        if self._stored() != before:
            raise self._broken("a peek writes nothing")
        self._compare(now, report, wait)

    def _give(self, now: float, units: int) -> None:
        if self._meter.used(now, self._quota) > 0:
            self._meter.charge(now, -units, self._quota)
        self._run(self._scripts.give, units, 1, request=True)
        self._peek(now, 1)

    def _change(self, now: float, number: int) -> None:
        before, self._quota = self._quota, self._quotas[number]
        limits_before, self._limits = self._limits, _packed(self._quota)
        self._meter.charge(now, 0, before)
        self._meter.charge(now, 0, self._quota)
        self._run(self._scripts.keep, limits_before)
        self._peek(now, 1)

    def _compare(self, now: float, report: bytes, wait: float) -> None:
        left, reset, reported = _REPORT.unpack(report)
        used = self._meter.used(now, self._quota)
        ceiling = self._quota.capacity if self._algorithm.bursts else self._quota.limit
        self._same("units left", left, ceiling - used, NEARLY_A_UNIT)
        self._same("seconds to wait", reported / MICRO, wait, NEARLY)
        status = self._meter.status(now, self._quota)
        self._same("seconds until all is free", reset / MICRO, status.reset_after, NEARLY)

    def _forget(self, at: int) -> None:
        """Delete the key when it ends, as a server does, which knows that to the millisecond."""
        ends = self._ends()
        if ends is not None and at - ends > 1_000:
            self._redis.client.delete(self._key)

    def _ends(self) -> int | None:
        """End of the key, µs; None: it has none."""
        ends = int(self._redis.client.pexpiretime(self._key))
        if ends == -1:
            raise self._broken("its key would stay for ever")
        return None if ends < 0 else ends * 1_000

    def _check_life(self, at: int) -> None:
        """A key that its server forgets must not count for anything any more."""
        ends = self._ends()
        if ends is None:
            return
        longest = max(
            2 * quota.window * max(1.0, quota.capacity / max(1, other.limit))
            for quota in self._quotas
            for other in self._quotas
        )
        if ends - at > (longest + KEPT_LONGER) * MICRO + 1_000:
            raise self._broken(f"its key would live for {(ends - at) / MICRO} s more")
        # It may end by earlier use, when nothing was changed.
        used = copy.deepcopy(self._meter).used(seconds(max(at, ends)), self._quota)
        if used > NEARLY_A_UNIT:
            raise self._broken(f"{used} units are in use when the server forgets its key")

    def _run(self, script: Script, *args: int | bytes, request: bool = False) -> Any:
        keys = [self._key]
        if request:
            self._requests += 1
            keys.insert(0, f"{self._key}:rq:{self._requests}")
        return self._redis.scripts.run(script, keys, (self._limits, *args))

    def _stored(self) -> bytes | None:
        dump: bytes | None = self._redis.client.dump(self._key)
        return dump

    def _same(self, what: str, in_redis: float, in_memory: float, nearly: float = 0) -> None:
        if abs(in_redis - in_memory) > nearly:
            raise self._broken(f"{what}: {in_redis} by Lua, {in_memory} by its twin")

    def _broken(self, what: str) -> AlgorithmBroken:
        return broken(self._algorithm, self._quota, what, self._done)


def _packed(quota: Quota) -> bytes:
    return struct.pack("<ddd", quota.limit, quota.window * MICRO, quota.capacity)


def seconds(at: int) -> float:
    """A moment of the servers' clock on that of meters, whose zero is anywhere."""
    return (at - BEGIN) / MICRO + 1_000


def broken(algorithm: Algorithm, quota: Quota, what: str, steps: list[WalkStep]) -> AlgorithmBroken:
    """The error to raise."""
    trace = "; ".join(map(str, steps))
    return AlgorithmBroken(f"{algorithm.name}, {quota}: {what} [{trace}]")


def _check_meter(algorithm: Algorithm, quota: Quota, steps: list[WalkStep]) -> None:
    """A meter's predictions hold, and nothing but a charge changes it."""
    meter, at, done = algorithm.meter(seconds(BEGIN)), BEGIN, list[WalkStep]()

    def promise(what: str, kept: bool) -> None:
        if not kept:
            raise broken(algorithm, quota, what, done)

    for step in steps:
        at += step.pause
        done.append(step)
        now, most = seconds(at), quota.capacity if algorithm.bursts else quota.limit
        left, reset = meter.status(now, quota)
        promise("units left are from 0 to the limit", 0 <= left <= most)
        promise("what is left may pass", left == 0 or meter.wait(now, left, quota) == 0)
        promise("questions change nothing", meter.status(now, quota) == (left, reset))
        promise("more than is left may not pass", meter.wait(now, left + 1, quota) > 0)
        later = copy.deepcopy(meter)
        promise(
            "all is free when it is said to be",
            later.status(now + reset + NEARLY, quota).remaining == most,
        )
        wait = meter.wait(now, step.units, quota)
        if step.units > most:
            promise("what can never pass waits for a window", wait == quota.window)
        elif wait > 0:
            later = copy.deepcopy(meter)
            early = later.wait(now + 0.9 * wait, step.units, quota)
            promise("who waits a tenth less is refused", wait < 0.001 or early > 0)
            promise(
                "who waits as long as told is let in",
                later.wait(now + wait + NEARLY, step.units, quota) == 0,
            )
        if step.what == "hit" and wait == 0:
            meter.charge(now, step.units, quota)
        elif step.what == "give" and meter.used(now, quota) > 0:
            meter.charge(now, -step.units, quota)
            after = meter.status(now, quota).remaining
            promise("giving back frees no more than it says", left <= after <= left + step.units)
        promise("use is never below nothing", meter.used(now, quota) >= 0)


def _check_clock(algorithm: Algorithm, quota: Quota) -> None:
    """A clock that is set back grants nothing, and locks no caller out longer than announced."""
    ahead = seconds(BEGIN) + 3_600
    meter = algorithm.meter(ahead)
    meter.charge(ahead, meter.status(ahead, quota).remaining, quota)
    now = seconds(BEGIN)
    delay = meter.wait(now, 1, quota)
    if not delay > 0:
        raise broken(algorithm, quota, "a clock that is set back gives nothing away", [])
    if meter.wait(now + delay + NEARLY, 1, quota) > 0:
        raise broken(algorithm, quota, f"the clock was set back, and {delay} s are not enough", [])


def _check_limit_of_nothing(algorithm: Algorithm, redis: RedisConnection) -> None:
    """A limit of 0 refuses all, for a window; Redis does not even ask the algorithm."""
    quota = Quota(0, WINDOW, 0)
    if algorithm.meter(0.0).wait(0.0, 1, quota) != WINDOW:
        raise broken(algorithm, quota, "a limit of 0 refuses for a window", [])
    _Comparison(algorithm, quota, redis).walk([WalkStep(0, "hit", 1), WalkStep(1, "peek", 1)])
