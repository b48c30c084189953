"""The checker agrees with trying every order, and explains what it refuses."""

from __future__ import annotations

import itertools
import math
import random
import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proof.campaign.linearizable import Call, Specification, check
from proof.campaign.specifications import Counter, Register
from tests.support.require import LONG

pytestmark = LONG


def possible(specification: Specification, calls: Sequence[Call]) -> bool:
    """By trying every order of all known calls and any of the unknown ones."""
    known = [index for index, call in enumerate(calls) if call.known]
    maybe = [index for index, call in enumerate(calls) if not call.known]
    return any(
        in_order(specification, calls, order)
        for number in range(len(maybe) + 1)
        for some in itertools.combinations(maybe, number)
        for order in itertools.permutations([*known, *some])
    )


def in_order(specification: Specification, calls: Sequence[Call], order: Sequence[int]) -> bool:
    states = {specification.initial}
    for place, index in enumerate(order):
        call = calls[index]
        if any(calls[later].returned < call.invoked for later in order[place:]):
            return False
        if any(before in order[place:] for before in call.after):
            return False
        states = {after for state in states for after in specification.next(state, call)}
    return bool(states)


@st.composite
def histories(draw: st.DrawFn, calls: st.SearchStrategy[tuple[str, int, int]]) -> list[Call]:
    number = draw(st.integers(1, 6))
    moments = st.integers(0, 8)
    found: list[Call] = []
    for index in range(number):
        call, argument, value = draw(calls)
        began, ended = sorted((draw(moments), draw(moments)))
        lost = draw(st.integers(0, 3)) == 0
        after: tuple[int, ...] = ()
        if call == "read" and found and draw(st.booleans()):
            other = draw(st.integers(0, index - 1))
            if found[other].known and found[other].call != "read":
                after = (other,)
                # A caller that carries a position has been given it.
                ended = max(ended, int(found[other].returned))
        found.append(Call(call, argument, value, began, math.inf if lost else ended, after))
    return found


of_register = st.one_of(
    st.tuples(st.just("write"), st.integers(0, 2), st.just(0)),
    st.tuples(st.just("read"), st.just(0), st.integers(0, 2)),
)
of_counter = st.one_of(
    st.tuples(st.just("add"), st.integers(1, 2), st.integers(1, 6)),
    st.tuples(st.just("read"), st.just(0), st.integers(0, 4)),
)


@settings(max_examples=600, deadline=None)
@given(histories(of_register))
def test_a_register_is_judged_as_by_trying_every_order(calls: list[Call]) -> None:
    assert check(Register(0), calls).holds is possible(Register(0), calls)


@settings(max_examples=400, deadline=None)
@given(histories(of_counter))
def test_a_counter_is_judged_as_by_trying_every_order(calls: list[Call]) -> None:
    assert check(Counter(), calls).holds is possible(Counter(), calls)


@settings(max_examples=300, deadline=None)
@given(histories(of_register))
def test_the_window_of_what_is_refused_is_refused_too(calls: list[Call]) -> None:
    verdict = check(Register(0), calls)
    if verdict.holds is False:
        assert verdict.stuck in verdict.window
        plain = [Call(c.call, c.argument, c.value, c.invoked, c.returned) for c in verdict.window]
        if all(not call.after for call in verdict.window):
            assert not any(possible(Register(state), plain) for state in verdict.states)


def run_of(
    number: int,
    clients: int,
    seed: int,
    lost: float = 0.0,
    counter: bool = False,
    values: int = 5,
) -> list[Call]:
    """Calls of so many clients of a right object, with some answers to writes lost."""
    drawn = random.Random(seed)
    free = [0.0] * clients
    plans = []
    for _ in range(number):
        client = min(range(clients), key=lambda one: free[one])
        began = free[client] + drawn.uniform(0, 0.5)
        effect = began + drawn.uniform(0.1, 1.0)
        free[client] = effect + drawn.uniform(0.1, 1.0)
        plans.append((effect, began, free[client]))
    value, calls = 0, []
    for _, began, ended in sorted(plans):
        reads = drawn.random() < 0.5
        gone = not reads and drawn.random() < lost
        argument = 1 if counter else drawn.randrange(values)
        if not reads and (not gone or drawn.random() < 0.5):
            value = value + 1 if counter else argument
        call = "read" if reads else "add" if counter else "write"
        calls.append(Call(call, argument, value, began, math.inf if gone else ended))
    return calls


@pytest.mark.parametrize("clients", [3, 6])
def test_a_round_in_which_half_of_the_writes_get_lost_is_judged_in_seconds(clients: int) -> None:
    """Each of a value of its own, which is the worst: rounds are as short as this."""
    calls = run_of(250, clients, 2, lost=0.5, values=10**9)
    began = time.process_time()
    assert check(Register(0), calls).holds
    assert time.process_time() - began < 20


@pytest.mark.parametrize("counter", [False, True])
def test_thousands_of_operations_of_one_key_take_seconds(counter: bool) -> None:
    specification = Counter() if counter else Register(0)
    calls = run_of(3000, 6, 7, lost=0.02, counter=counter)
    began = time.process_time()
    verdict = check(specification, calls)
    assert verdict.holds, verdict.explain()
    assert time.process_time() - began < 20


def test_one_answer_that_nothing_explains_is_found_among_thousands() -> None:
    calls = run_of(2000, 6, 3)
    at = next(i for i in range(1500, 2000) if calls[i].call == "read")
    calls[at] = Call("read", 0, 99, calls[at].invoked, calls[at].returned)
    verdict = check(Register(0), calls)
    assert (verdict.holds, verdict.stuck) == (False, calls[at])
    assert len(verdict.window) < 20
    assert verdict.explain().startswith("no order explains") and "99" in verdict.explain()


def test_what_takes_longer_than_its_budget_is_undecided() -> None:
    calls = run_of(3000, 8, 5, lost=0.3)
    assert check(Register(0), calls, seconds=0.0).holds is None


def test_an_unknown_write_may_take_effect_late_and_once() -> None:
    lost = Call("write", 1, None, 0.0, math.inf)
    seen = [Call("read", 0, 0, 1, 2), Call("read", 0, 1, 5, 6)]
    back = [Call("write", 0, None, 7, 8), Call("read", 0, 1, 9, 10)]
    assert check(Register(0), [lost, *seen]).holds
    assert check(Register(0), [lost, *seen, *back]).holds is False


def test_a_read_after_a_write_whose_position_it_carries_includes_it() -> None:
    """Without the position it may read the state before, for its moment lies further back."""
    write = Call("write", 1, None, 0.0, 1.0)
    stale = Call("read", None, 0, -2.0, 3.0)
    assert check(Register(0), [write, stale]).holds
    assert check(Register(0), [write, Call("read", None, 0, -2.0, 3.0, (0,))]).holds is False
