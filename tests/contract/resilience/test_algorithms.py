"""Every algorithm against its twin in memory, and the check itself against wrong ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.contract.resilience.conftest import OWN
from tests.contract.resilience.platform import Platform
from yoto.resilience import AlgorithmBroken, algorithm_names, check_algorithm, find_algorithm
from yoto.resilience.algorithms import Algorithm, Quota, Status, register_algorithm
from yoto.resilience.algorithms.fixed_window import FixedWindow

pytestmark = pytest.mark.usefixtures("own_algorithm")
FIXED = find_algorithm("fixed_window")
Register = Callable[[Algorithm], str]


@pytest.fixture
def register(own_algorithm: None) -> Register:
    """Registers an algorithm until ``own_algorithm`` takes away all that is new."""
    return lambda algorithm: register_algorithm(algorithm).name


@pytest.mark.parametrize("algorithm", [*algorithm_names(), OWN])
def test_lua_and_its_twin_count_alike(remote: Platform, algorithm: str) -> None:
    check_algorithm(algorithm, remote.redis, walks=10)
    assert list(remote.redis.client.scan_iter(match="*algorithm-contract*")) == []


class Generous(FixedWindow):
    """Says that more is left than passes."""

    def status(self, now: float, quota: Quota) -> Status:
        left, reset = super().status(now, quota)
        return Status(left + 1 if left else 0, reset)


class Impatient(FixedWindow):
    """Says of too short a time that it is enough."""

    def wait(self, now: float, cost: int, quota: Quota) -> float:
        return 0.8 * super().wait(now, cost, quota)


class Forgetful(FixedWindow):
    """Gives away what was used when the clock goes back."""

    def used(self, now: float, quota: Quota) -> float:
        return 0.0 if now < self._start else super().used(now, quota)


class Curious(FixedWindow):
    """Counts questions."""

    def wait(self, now: float, cost: int, quota: Quota) -> float:
        told = super().wait(now, cost, quota)
        self.charge(now, 0 if told else 1, quota)
        return told


class Free(FixedWindow):
    """Lets everything in where nothing may pass."""

    def wait(self, now: float, cost: int, quota: Quota) -> float:
        return super().wait(now, cost, quota) if quota.limit else 0.0


@pytest.mark.parametrize(
    ("meter", "said"),
    [
        (Generous, "units left|what is left"),
        (Impatient, "waits as long as told|waits for a window"),
        (Forgetful, "clock"),
        (Curious, "questions change nothing|may pass"),
        (Free, "limit of 0"),
    ],
)
def test_a_twin_that_breaks_its_word_is_found(
    valkey: Platform, register: Register, meter: type[FixedWindow], said: str
) -> None:
    name = register(replace(FIXED, name="wrong", code="wrong", meter=meter))
    with pytest.raises(AlgorithmBroken, match=said):
        check_algorithm(name, valkey.redis)


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("used + cost)", "used + cost + 1)", "units left: .* by Lua, .* by its twin"),
        ("not fits(after, limit)", "after >= limit", "may pass|seconds to wait"),
        ("wait = left", "wait = left / 2", "seconds to wait"),
        ("now - start >= span", "now - start >= 2 * span", "Lua"),
        ("after, span), left", "after, span), 1000 * window", "would live for"),
        ("after, span), left", "after, span), left - 10500000", "in use when the server forgets"),
        ("start, after, span), left", "start - cost, after, span), left", "Lua"),
        (
            "local wait = 0",
            "local wait = 0\nredis.call('SET', key, "
            "struct.pack('<dd', start, used + 1), 'PXAT', math.ceil((now + window) / 1000))",
            "writes nothing",
        ),
    ],
)
def test_lua_that_does_otherwise_is_found(
    valkey: Platform, register: Register, right: str, wrong: str, said: str
) -> None:
    assert right in FIXED.lua
    name = register(replace(FIXED, name="wrong", code="wrong", lua=FIXED.lua.replace(right, wrong)))
    with pytest.raises(AlgorithmBroken, match=said):
        check_algorithm(name, valkey.redis)


def test_what_is_broken_is_told_with_the_calls_that_show_it(
    valkey: Platform, register: Register
) -> None:
    lua = FIXED.lua.replace("used + cost)", "used + 2 * cost)")
    name = register(replace(FIXED, name="wrong", code="wrong", lua=lua))
    messages = set()
    for _ in range(2):
        with pytest.raises(AlgorithmBroken) as found:
            check_algorithm(name, valkey.redis)
        messages.add(str(found.value))
    (message,) = messages  # chance has a seed
    assert message.startswith("wrong, Quota(limit=")
    assert " µs: hit " in message
