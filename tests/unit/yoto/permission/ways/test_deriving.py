"""The denials against what a user is given: which allow is still there in the end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from yoto.permission.registry.bits import KnownBits
from yoto.permission.verdict.facts import (
    Assignment,
    PlaceFacts,
    PlaceRules,
    RoleFacts,
    TeamFacts,
    UserFacts,
)
from yoto.permission.verdict.resolver import Trace, flatten, resolve
from yoto.permission.ways.deriving import IN_BASE, At, Denials, Stage

READ = 1
BITS = KnownBits(READ, READ)
EVERYBODY, ROLE = 1, 2
UPPER, LOWER = READ, READ << BITS.width

NOTHING = RoleFacts("server:1")
USER = UserFacts(5, member=True, assignments=(Assignment(ROLE),))


def denials(
    role: RoleFacts = NOTHING, default: RoleFacts = NOTHING, user: UserFacts = USER
) -> Denials:
    """The denials of a member with one role, at a place of two levels."""
    roles = {EVERYBODY: replace(default, is_default=True), ROLE: role}
    place = PlaceFacts("server:1", None, roles, PlaceRules(levels=(False, False)))
    trace, flat = Trace(), flatten(place, BITS)
    resolve(flat, user, 0.0, BITS, trace)
    return Denials.of(flat, user, trace, BITS, READ)


@pytest.mark.parametrize(
    "found, last",
    [
        (denials(), IN_BASE),
        (denials(default=replace(NOTHING, local_deny=UPPER)), (0, Stage.DEFAULT_ROLE)),
        (denials(replace(NOTHING, local_deny=UPPER)), (0, Stage.ROLES)),
        (denials(user=replace(USER, teams=(TeamFacts(3, deny=LOWER),))), (1, Stage.ROLES)),
        (denials(user=replace(USER, own_deny=UPPER)), (0, Stage.USER)),
        (
            denials(replace(NOTHING, local_deny=LOWER), user=replace(USER, own_deny=UPPER)),
            (1, Stage.ROLES),
        ),
    ],
)
def test_the_last_denial_is_the_one_of_the_lowest_level_and_its_latest_step(
    found: Denials, last: At
) -> None:
    assert found.last == last


def test_an_overwrite_that_denies_leaves_what_its_own_stage_and_later_ones_allow() -> None:
    found = denials(replace(NOTHING, local_deny=UPPER))

    assert not found.leave(IN_BASE)
    assert not found.leave((0, Stage.DEFAULT_ROLE))
    assert found.leave((0, Stage.ROLES))
    assert found.leave((0, Stage.USER))
    assert found.leave((1, Stage.DEFAULT_ROLE))


def test_a_grant_that_denies_leaves_no_grant_and_every_overwrite() -> None:
    found = denials(replace(NOTHING, deny=READ))

    assert found.in_base
    assert not found.leave(IN_BASE)
    assert found.leave((0, Stage.DEFAULT_ROLE))


def test_who_does_not_belong_is_denied_nothing_by_the_default_role() -> None:
    outside = replace(USER, member=False, assignments=())
    found = denials(default=replace(NOTHING, local_deny=UPPER), user=outside)

    assert found.last == IN_BASE
