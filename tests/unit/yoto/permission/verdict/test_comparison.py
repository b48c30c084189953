"""Both sides of a change, and one side over time, against the second implementation."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import drawn
from tests.unit.yoto.permission.reference import Reference
from tests.unit.yoto.permission.rows_to_facts import (
    BIT,
    BITS,
    MASK,
    names_in,
    place_facts,
    user_facts,
)
from tests.unit.yoto.permission.worlds import (
    MOMENTS,
    NOW,
    PERMISSIONS,
    ROLES,
    USERS,
    Rows,
    communities,
)
from yoto.permission.registry.registry import RegisteredPermission
from yoto.permission.verdict.comparison import Sides, differing, moments, over_time
from yoto.permission.verdict.facts import TeamFacts
from yoto.permission.verdict.resolver import FlatPlace, flatten, resolve
from yoto.permission.verdict.verdict import reason_of

REGISTERED = [
    RegisteredPermission(number, name, BIT[name], scope, abac=False)
    for number, (name, scope) in enumerate(PERMISSIONS.items(), 1)
]
LATE = (*MOMENTS, NOW + 9999)


def place_of(rows: Rows, scope: str, scope_id: int | None) -> FlatPlace:
    return flatten(place_facts(rows, scope, scope_id), BITS)


def without(rows: Rows, role_id: int) -> Rows:
    """The rows after all grants and overwrites of a role are gone."""
    kept = {
        table: [row for row in getattr(rows, table) if row.get("role_id") != role_id]
        for table in ("grants", "group_grants", "overwrites")
    }
    return replace(rows, **kept)


@drawn(300)
@given(communities(), st.sampled_from(ROLES), st.sampled_from(MOMENTS))
def test_what_differs_is_what_the_second_implementation_says_of_the_rows_before_and_after(
    rows: Rows, role_id: int, now: float
) -> None:
    later = without(rows, role_id)
    old, new = Reference(rows), Reference(later)
    for scope, scope_id in rows.places():
        sides = Sides(place_of(rows, scope, scope_id), place_of(later, scope, scope_id), BITS)
        for user_id in USERS:
            users = [user_facts(one, user_id, scope, scope_id) for one in (rows, later)]
            was, is_ = sides.at(now, users[0], users[1])
            had = old.effective(user_id, scope, scope_id, now)
            has = new.effective(user_id, scope, scope_id, now)
            assert {one.name for one, _, _ in differing(was, is_, REGISTERED)} == had ^ has
            for one, before, after in differing(was, is_, REGISTERED):
                assert (before, after) == (reason_of(was, one), reason_of(is_, one))
            if sides.are_equal() and users[0] == users[1]:
                assert was == is_


@drawn(300)
@given(communities())
def test_over_time_nothing_that_happens_is_left_out(rows: Rows) -> None:
    reference = Reference(rows)
    for scope, scope_id in rows.places():
        place = place_of(rows, scope, scope_id)
        for user_id in USERS:
            user = user_facts(rows, user_id, scope, scope_id)
            masks = [names_in(one.mask) for one in over_time(place, user, MOMENTS[0], BITS)]
            expected = [reference.effective(user_id, scope, scope_id, at) for at in LATE]
            assert [one for one, _ in groupby(masks)] == [one for one, _ in groupby(expected)]


@drawn(300)
@given(communities(), st.sampled_from(MOMENTS))
def test_over_time_ends_before_the_moment_that_is_asked_for(rows: Rows, until: float) -> None:
    for scope, scope_id in rows.places():
        place = place_of(rows, scope, scope_id)
        for user_id in USERS:
            user = user_facts(rows, user_id, scope, scope_id)
            found = list(over_time(place, user, MOMENTS[0], BITS, until))
            every = list(over_time(place, user, MOMENTS[0], BITS))
            assert found == every[: len(found)]
            begun = [one.valid_until for one in every[:-1]]
            assert len(found) == 1 + sum(one is not None and one < until for one in begun)


windows = st.tuples(*[st.none() | st.sampled_from(MOMENTS)] * 2)


@drawn(300)
@given(communities(), windows, st.sampled_from(MOMENTS))
def test_between_the_moments_nothing_changes_teams_and_time_outs_included(
    rows: Rows, window: tuple[float | None, float | None], since: float
) -> None:
    for scope, scope_id in rows.places():
        place = place_of(rows, scope, scope_id)
        for user_id in USERS:
            user = user_facts(rows, user_id, scope, scope_id)
            user = replace(user, teams=(TeamFacts(1, *window, MASK["message.send"], 0),))
            found = sorted(moments(since, user))
            assert found[0] == since
            for at in LATE:
                if at >= since:
                    last = max(one for one in found if one <= at)
                    assert (
                        resolve(place, user, at, BITS).mask == resolve(place, user, last, BITS).mask
                    )
