"""The resolver against the second implementation, on random communities."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import drawn
from tests.unit.yoto.permission.reference import Reference
from tests.unit.yoto.permission.rows_to_facts import BITS, names_in, place_facts, user_facts
from tests.unit.yoto.permission.worlds import MOMENTS, NOW, USERS, Rows, communities
from yoto.permission.verdict.resolver import flatten, resolve


@drawn(1000)
@given(communities(), st.sampled_from(MOMENTS))
def test_masks_equal_the_second_implementation(rows: Rows, now: float) -> None:
    reference = Reference(rows)
    for scope, scope_id in rows.places():
        place = flatten(place_facts(rows, scope, scope_id), BITS)
        for user_id in USERS:
            found = resolve(place, user_facts(rows, user_id, scope, scope_id), now, BITS)
            expected = reference.effective(user_id, scope, scope_id, now)
            assert names_in(found.mask) == expected, (user_id, scope, scope_id)


@drawn(300)
@given(communities())
def test_a_mask_stays_what_it_is_until_its_boundary(rows: Rows) -> None:
    reference = Reference(rows)
    for scope, scope_id in rows.places():
        place = flatten(place_facts(rows, scope, scope_id), BITS)
        for user_id in USERS:
            found = resolve(place, user_facts(rows, user_id, scope, scope_id), NOW, BITS)
            assert found.valid_until is None or found.valid_until > NOW
            for later in (NOW + 1, NOW + 59.999999, NOW + 60, NOW + 119, NOW + 120, NOW + 9999):
                if found.valid_until is None or later < found.valid_until:
                    expected = reference.effective(user_id, scope, scope_id, later)
                    assert names_in(found.mask) == expected, (user_id, scope, scope_id, later)
