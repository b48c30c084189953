"""The rules of docs/verdicts.md one by one, each in the smallest place that shows it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.yoto.permission.rows_to_facts import BITS, MASK, RULES
from tests.unit.yoto.permission.worlds import NOW
from yoto.permission.verdict.facts import Assignment, PlaceFacts, RoleFacts, UserFacts
from yoto.permission.verdict.resolver import MembershipStatus, Resolution, flatten, resolve

READ, HISTORY, SEND = (
    MASK["channel.read"],
    MASK["message.read_history"],
    MASK["message.send"],
)
KICK, ADMINISTRATOR, PLATFORM = (
    MASK["member.kick"],
    MASK["server.administrator"],
    MASK["platform.view"],
)
SERVER, OTHER_SERVER, OWNER, USER = 7, 8, 1, 2
EVERYONE = 100


def everyone(**masks: int) -> RoleFacts:
    return RoleFacts(SERVER, is_default=True, **masks)


def resolved(
    roles: dict[int, RoleFacts] | None = None,
    held: tuple[int | Assignment, ...] = (),
    *,
    kind: str = "channel",
    user_id: int = USER,
    member: bool = True,
    **user: object,
) -> Resolution:
    """The resolution of a member who holds ``held``, in a place that knows ``roles``."""
    server = None if kind == "global" else SERVER
    place = PlaceFacts(server, OWNER if server else None, roles or {}, RULES[kind])
    facts = UserFacts(
        user_id,
        member=member,
        assignments=tuple(Assignment(role) if isinstance(role, int) else role for role in held),
        **user,  # type: ignore[arg-type]
    )
    return resolve(flatten(place, BITS), facts, NOW, BITS)


def test_nobody_has_nothing() -> None:
    found = resolved({EVERYONE: everyone(allow=READ)}, exists=False)
    assert (found.mask, found.status) == (0, MembershipStatus.UNKNOWN)


def test_a_disabled_super_admin_who_owns_the_server_has_nothing() -> None:
    found = resolved(user_id=OWNER, disabled=True, super_admin=True)
    assert (found.mask, found.status) == (0, MembershipStatus.DISABLED)


def test_a_super_admin_has_everything_and_what_others_would_have_is_kept_apart() -> None:
    found = resolved({EVERYONE: everyone(allow=READ | SEND)}, super_admin=True)
    assert found.mask == BITS.every
    assert found.ordinary == READ | SEND


@pytest.mark.parametrize(
    ("start", "end", "holds", "boundary"),
    [
        (None, None, True, None),
        (NOW, None, True, None),
        (NOW + 1, None, False, NOW + 1),
        (None, NOW, False, None),
        (None, NOW + 1, True, NOW + 1),
        (NOW - 2, NOW - 1, False, None),
        (NOW - 1, NOW + 1, True, NOW + 1),
    ],
)
def test_an_assignment_holds_from_its_start_until_just_before_its_end(
    start: float | None, end: float | None, holds: bool, boundary: float | None
) -> None:
    found = resolved({5: RoleFacts(SERVER, allow=READ)}, (Assignment(5, start, end),))
    assert bool(found.mask & READ) is holds
    assert found.valid_until == boundary


def test_the_nearest_of_several_boundaries_counts() -> None:
    roles = {5: RoleFacts(SERVER, allow=READ), 6: RoleFacts(None, allow=SEND)}
    held = (Assignment(5, None, NOW + 30), Assignment(6, NOW + 20, NOW + 40))
    assert resolved(roles, held, timeout_until=NOW + 90).valid_until == NOW + 20


def test_grants_are_inherited_through_the_whole_chain() -> None:
    chain = {n: RoleFacts(SERVER, parents=(n + 1,)) for n in range(1, 60)}
    chain[60] = RoleFacts(None, allow=READ)
    assert resolved(chain, (1,)).mask == READ


def test_an_inactive_role_gives_nothing_and_cuts_the_chain() -> None:
    roles = {
        1: RoleFacts(SERVER, parents=(2,), allow=READ),
        2: RoleFacts(SERVER, parents=(3,), active=False, allow=SEND),
        3: RoleFacts(SERVER, allow=KICK),
    }
    assert resolved(roles, (1,)).mask == READ
    assert resolved(roles, (2,)).base == 0


def test_a_cycle_of_parents_ends_and_gives_what_each_of_its_roles_gives() -> None:
    roles = {
        1: RoleFacts(SERVER, parents=(2,), allow=READ),
        2: RoleFacts(SERVER, parents=(1,), allow=SEND),
        3: RoleFacts(SERVER, parents=(3,), allow=KICK),
    }
    assert resolved(roles, (1, 3)).mask == READ | SEND | KICK


def test_nothing_is_inherited_from_the_default_role() -> None:
    roles = {
        EVERYONE: everyone(local_allow=SEND, allow=READ),
        5: RoleFacts(SERVER, parents=(EVERYONE,), local_deny=SEND),
    }
    assert resolved(roles, (5,)).mask == READ, "the role's own denial comes after @everyone"


def test_being_assigned_the_default_role_means_nothing() -> None:
    roles = {EVERYONE: everyone(allow=READ)}
    assert resolved(roles, (EVERYONE,), member=False).base == 0
    assert resolved(roles, (Assignment(EVERYONE, NOW + 5),)).valid_until is None


@pytest.mark.parametrize(
    ("child", "parent", "inherits"),
    [
        (SERVER, SERVER, True),
        (SERVER, None, True),
        (None, None, True),
        (None, SERVER, False),
        (SERVER, OTHER_SERVER, False),
    ],
)
def test_roles_inherit_within_their_server_and_from_global_roles(
    child: int | None, parent: int | None, inherits: bool
) -> None:
    roles = {1: RoleFacts(child, parents=(2,), allow=READ), 2: RoleFacts(parent, allow=SEND)}
    assert resolved(roles, (1,)).mask == (READ | SEND if inherits else READ)


def test_who_is_no_member_holds_only_global_roles() -> None:
    roles = {
        EVERYONE: everyone(allow=HISTORY),
        1: RoleFacts(SERVER, allow=SEND),
        2: RoleFacts(None, allow=READ),
    }
    found = resolved(roles, (1, 2), member=False)
    assert (found.mask, found.status) == (READ, MembershipStatus.OUTSIDER)


def test_a_boundary_of_a_role_that_does_not_count_is_none() -> None:
    roles = {1: RoleFacts(SERVER, allow=SEND)}
    assert resolved(roles, (Assignment(1, None, NOW + 1),), member=False).valid_until is None


def test_a_denial_by_any_role_wins_over_every_grant_in_base() -> None:
    roles = {1: RoleFacts(SERVER, allow=READ | SEND), 2: RoleFacts(None, deny=SEND)}
    assert resolved(roles, (1, 2)).mask == READ


def test_the_owner_has_every_local_permission_although_denied_timed_out_and_no_member() -> None:
    roles = {
        EVERYONE: everyone(deny=SEND, local_deny=READ),
        1: RoleFacts(SERVER, deny=KICK),
    }
    found = resolved(
        roles,
        (1,),
        user_id=OWNER,
        member=False,
        timeout_until=NOW + 60,
        own_deny=SEND,
    )
    assert (found.mask, found.status) == (BITS.local, MembershipStatus.OWNER)


def test_roles_of_the_server_count_for_its_owner_though_not_in_the_members() -> None:
    roles = {1: RoleFacts(SERVER, allow=SEND), 2: RoleFacts(None, allow=PLATFORM)}
    found = resolved(roles, (1, 2), user_id=OWNER, member=False)
    assert found.base == SEND | PLATFORM
    assert found.mask == BITS.local | PLATFORM


def test_an_administrator_skips_overwrites_and_time_out() -> None:
    roles = {EVERYONE: everyone(local_deny=READ), 1: RoleFacts(SERVER, allow=ADMINISTRATOR)}
    found = resolved(roles, (1,), timeout_until=NOW + 60)
    assert (found.mask, found.status) == (BITS.local, MembershipStatus.ADMINISTRATOR)


def test_administrator_means_nothing_when_denied_in_base_or_allowed_by_an_overwrite() -> None:
    roles = {
        EVERYONE: everyone(allow=READ | ADMINISTRATOR),
        1: RoleFacts(SERVER, deny=ADMINISTRATOR, local_allow=ADMINISTRATOR),
    }
    assert resolved(roles, (1,)).mask == READ | ADMINISTRATOR


def test_administrator_means_nothing_in_the_global_place() -> None:
    found = resolved({1: RoleFacts(None, allow=ADMINISTRATOR)}, (1,), kind="global")
    assert (found.mask, found.status) == (ADMINISTRATOR, MembershipStatus.MEMBER)


def test_a_global_permission_counts_only_when_a_global_role_grants_it() -> None:
    roles = {
        1: RoleFacts(SERVER, allow=READ | PLATFORM, local_allow=PLATFORM),
        2: RoleFacts(None, allow=PLATFORM),
    }
    assert resolved(roles, (1,), own_allow=PLATFORM).mask == READ
    assert resolved(roles, (1, 2), own_deny=PLATFORM).mask == READ | PLATFORM


def test_overwrites_come_in_three_steps_and_allow_wins_within_each() -> None:
    def after(everyone_: dict[str, int], roles_: dict[str, int], own: dict[str, int]) -> bool:
        roles = {EVERYONE: everyone(allow=READ, **everyone_), 1: RoleFacts(SERVER, **roles_)}
        return bool(resolved(roles, (1,), **own).mask & SEND)

    allow, deny = {"local_allow": SEND}, {"local_deny": SEND}
    assert after(allow, {}, {})
    assert not after(allow, deny, {})
    assert after(deny, allow, {})
    assert after(deny, allow | deny, {}), "two roles: the allow of one wins"
    assert not after(allow, allow, {"own_deny": SEND})
    assert after(deny, deny, {"own_allow": SEND})
    assert after(deny, deny, {"own_allow": SEND, "own_deny": SEND})


def test_own_overwrites_of_a_non_member_only_take_away() -> None:
    roles = {1: RoleFacts(None, allow=READ | SEND)}
    assert resolved(roles, (1,), member=False, own_deny=SEND).mask == READ
    assert resolved({}, member=False, own_allow=READ).mask == 0
    assert resolved({}, member=True, own_allow=READ).mask == READ


def test_overwrites_mean_nothing_outside_channels() -> None:
    roles = {EVERYONE: everyone(allow=READ, local_deny=READ)}
    assert resolved(roles, kind="server", own_deny=READ).mask == READ
    assert resolved(roles, kind="category").mask == 0


def test_without_channel_read_nothing_remains_in_a_channel_but_in_the_server_it_does() -> None:
    roles = {EVERYONE: everyone(allow=SEND | KICK)}
    found = resolved(roles)
    assert (found.mask, found.hidden, found.shaped) == (0, True, SEND | KICK)
    assert resolved(roles, kind="server").mask == SEND | KICK


@pytest.mark.parametrize(("until", "left"), [(NOW, READ | SEND), (NOW + 0.001, READ)])
def test_a_time_out_holds_until_its_end(until: float, left: int) -> None:
    found = resolved({EVERYONE: everyone(allow=READ | SEND)}, timeout_until=until)
    assert found.mask == left
    assert found.valid_until == (until if left == READ else None)


def test_a_time_out_leaves_reading_in_channel_and_server_and_touches_no_outsider() -> None:
    roles = {5: RoleFacts(None, allow=READ | HISTORY | SEND | KICK)}
    for kind in ("channel", "server"):
        found = resolved(roles, (5,), kind=kind, timeout_until=NOW + 1)
        assert (found.mask, found.timed_out) == (READ | HISTORY, True)
        outside = resolved(roles, (5,), kind=kind, timeout_until=NOW + 1, member=False)
        assert outside.mask == READ | HISTORY | SEND | KICK


def test_an_inactive_default_role_gives_nothing() -> None:
    role = RoleFacts(SERVER, is_default=True, active=False, allow=READ, local_allow=SEND)
    found = resolved({EVERYONE: role}, own_allow=HISTORY | READ)
    assert found.mask == READ | HISTORY


def test_without_the_registered_permission_to_read_no_channel_is_open() -> None:
    closed = replace(RULES["channel"], gates=1 << BITS.width)
    place = PlaceFacts(SERVER, OWNER, {EVERYONE: everyone(allow=SEND)}, closed)
    assert resolve(flatten(place, BITS), UserFacts(USER, member=True), NOW, BITS).mask == 0
