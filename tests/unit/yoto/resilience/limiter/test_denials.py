from __future__ import annotations

from yoto.resilience.limiter.denials import DenialMemory
from yoto.resilience.limiter.result import DimensionStatus


def denied(wait: float) -> DimensionStatus:
    return DimensionStatus("user", 10, 60.0, 0, 50.0, wait)


def test_a_denial_holds_until_its_time_is_over() -> None:
    memory = DenialMemory()
    memory.remember("a", 1, 100.0, denied(5.0))
    found = memory.find(["b", "a"], 1, 102.0)
    assert found is not None
    assert (found.retry_after, found.reset_after) == (3.0, 48.0)
    assert memory.find(["a"], 1, 105.0) is None
    assert len(memory) == 0


def test_fewer_units_than_were_refused_may_still_pass() -> None:
    memory = DenialMemory()
    memory.remember("a", 6, 0.0, denied(5.0))
    assert memory.find(["a"], 5, 1.0) is None
    assert memory.find(["a"], 7, 1.0) is not None


def test_the_longest_denial_answers() -> None:
    memory = DenialMemory()
    memory.remember("a", 1, 0.0, denied(5.0))
    memory.remember("b", 1, 0.0, denied(9.0))
    found = memory.find(["a", "b"], 1, 0.0)
    assert found is not None and found.retry_after == 9.0


def test_units_given_back_end_a_denial() -> None:
    memory = DenialMemory()
    memory.remember("a", 1, 0.0, denied(5.0))
    memory.forget(["a", "unheard-of"])
    assert memory.find(["a"], 1, 1.0) is None


def test_the_memory_forgets_the_oldest_first() -> None:
    memory = DenialMemory(largest=2)
    for key in "abc":
        memory.remember(key, 1, 0.0, denied(5.0))
    assert [memory.find([key], 1, 1.0) is not None for key in "abc"] == [False, True, True]
