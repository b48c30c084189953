"""Tickets, and the order in which several locks are taken."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from yoto.optimization.lock.multi import in_order
from yoto.optimization.lock.ticket import Ticket

VALUES = st.builds(
    lambda token, owner, lease: f"{token}:{owner:016x}.{lease}",
    st.integers(1, 2**53 - 1),
    st.integers(0, 2**64 - 1),
    st.integers(1, 86_400_000),
)
ORDERS = st.lists(st.text(min_size=1), min_size=1, max_size=8)


@given(st.text(), VALUES)
def test_a_ticket_survives_a_message(key: str, value: str) -> None:
    ticket = Ticket(key, value)
    assert Ticket.parse(json.loads(json.dumps(ticket.text))) == ticket
    assert ticket.token == int(value.split(":")[0])


@given(st.lists(ORDERS, min_size=2, max_size=5))
def test_no_two_that_take_several_locks_can_wait_for_each_other(wanted: list[list[str]]) -> None:
    """Who waits has only what comes before in one order of all, so the waiting has no circle."""
    waits_for: set[tuple[str, str]] = set()
    for keys in wanted:
        order = in_order(keys)
        assert set(order) == set(keys)
        waits_for |= {(has, wants) for at, wants in enumerate(order) for has in order[:at]}
    while waits_for:
        last = {wants for _, wants in waits_for} - {has for has, _ in waits_for}
        assert last, "a circle"
        waits_for = {(has, wants) for has, wants in waits_for if wants not in last}
