"""Bulkheads: who may be inside, and who may be refused."""

from __future__ import annotations

from proof.campaign.history import Fault, Operation
from proof.campaign.models import slots
from proof.tests.campaign.operations import fault, op

TWO = {"cap": 2, "lease": 2.0, "hold": 1.0}


def stay(entered: float, until: float) -> Operation:
    value = {"admitted": True, "entered": entered, "held_until": until}
    return op("enter", entered - 0.1, until + 0.1, TWO, value)


def refused(at: float) -> Operation:
    return op("enter", at, at + 0.1, TWO, {"admitted": False})


def violations(*operations: Operation, faults: tuple[Fault, ...] = ()) -> list[str]:
    return slots.judge(operations, faults).violations


def test_as_many_as_the_cap_are_inside_at_once() -> None:
    assert not violations(stay(0.0, 2.0), stay(0.5, 1.0), stay(1.0, 3.0))
    (said,) = violations(stay(0.0, 2.0), stay(0.5, 1.1), stay(1.0, 3.0))
    assert said.startswith("k: 3 inside at 1.000, of 2") and said.count("\n") == 3


def test_who_never_saw_that_it_had_its_slot_is_not_counted() -> None:
    assert not violations(stay(0.0, 2.0), stay(0.5, 1.1), stay(1.0, 1.0))


def test_after_a_loss_of_data_more_may_be_inside_until_holders_are_counted_again() -> None:
    three = (stay(0.0, 2.0), stay(0.5, 1.1), stay(1.0, 3.0))
    assert not violations(*three, faults=(fault(0.8, 0.9, "lost-data"),))
    assert violations(*three, faults=(fault(0.8, 0.9, "no-redis"),))


def test_somebody_is_refused_only_while_all_slots_can_be_taken() -> None:
    assert not violations(stay(0.0, 2.0), stay(0.0, 2.0), refused(1.0))
    assert violations(stay(0.0, 2.0), refused(1.0))


def test_the_slot_of_one_who_never_answered_comes_back_with_its_lease() -> None:
    lost = op("enter", 0.0, 0.5, TWO, outcome="unknown")
    assert not violations(lost, stay(0.0, 9.0), refused(4.0))
    assert violations(lost, stay(0.0, 9.0), refused(6.0))


def test_a_worker_that_dies_after_its_answer_leaves_the_slot_to_its_lease() -> None:
    answered = stay(0.0, 1.0), stay(0.0, 1.0)
    assert violations(*answered, refused(3.5))
    assert not violations(*answered, refused(3.5), faults=(fault(1.1, 1.2),))
    assert violations(*answered, refused(5.5), faults=(fault(1.1, 1.2),))


def test_a_refusal_may_be_the_second_answer_while_the_proxy_loses_nodes() -> None:
    asked_twice = op("enter", 0.0, 4.0, TWO, {"admitted": False})
    beside = stay(0.0, 9.0), stay(0.0, 0.5), asked_twice, refused(5.0)
    assert violations(*beside)
    assert violations(*beside, faults=(fault(1.0, 4.0),))
    assert not violations(*beside, faults=(fault(1.0, 4.0, kind="link-nginx-app-half-open"),))
