"""The rank rule and the delegation rule: what an actor in the middle may change, and what not."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask import Flask

from app.extensions import permissions
from tests.integration.yoto.permission.town import Town
from tests.support.world import World
from yoto.errors import PermissionDenied, UnknownResource, ValidationFailed
from yoto.permission import PermissionSystem
from yoto.permission.rank.ranking import LOWEST, OUTSIDE, OWNER_RANK, UNBOUND_RANK, may_handle
from yoto.store.db import db

Act = Callable[[PermissionSystem, Town, dict[str, Any]], Any]

# Acts that need a rank above the actor's 5; ``role`` is at 8.
TOO_HIGH: dict[str, Act] = {
    "edit": lambda p, t, who: p.update_role(t.high, name="x", **who),
    "edit one's own": lambda p, t, who: p.update_role(t.middle, name="x", **who),
    "delete": lambda p, t, who: p.delete_role(t.high, **who),
    "give": lambda p, t, who: p.assign_roles_to_user(t.junior.id, [t.high], **who),
    "give one's own": lambda p, t, who: p.assign_roles_to_user(t.junior.id, [t.middle], **who),
    "give a high one among low ones": lambda p, t, who: p.assign_roles_to_user(
        t.junior.id, [t.low, t.high], **who
    ),
    "take": lambda p, t, who: p.revoke_roles_from_user(t.boss.id, [t.high], **who),
    "take one's own": lambda p, t, who: p.revoke_roles_from_user(t.actor.id, [t.middle], **who),
    "grant": lambda p, t, who: p.assign_permissions_to_role(t.high, ["member.kick"], **who),
    "deny": lambda p, t, who: p.assign_permissions_to_role(
        t.high, ["member.kick"], effect="deny", **who
    ),
    "revoke": lambda p, t, who: p.revoke_permissions_from_role(
        t.high, ["member.ban"], "server", t.id, **who
    ),
    "grant a group": lambda p, t, who: p.assign_group_to_role(t.group, t.high, **who),
    "make at one's own height": lambda p, t, who: p.register_role("new", t.id, position=5, **who),
    "lift to one's own height": lambda p, t, who: p.update_role(t.low, position=5, **who),
    "make a global one": lambda p, t, who: p.register_role("new", **who),
    "edit a global one": lambda p, t, who: p.update_role(t.global_role, name="x", **who),
    "give a global one": lambda p, t, who: p.assign_roles_to_user(
        t.junior.id, [t.global_role], **who
    ),
    "overwrite for a high role": lambda p, t, who: p.set_overwrite(
        t.channel, role_id=t.high, deny=["message.send"], **who
    ),
    "overwrite for a global role": lambda p, t, who: p.set_overwrite(
        t.channel, role_id=t.global_role, deny=["message.send"], **who
    ),
    "overwrite for a superior": lambda p, t, who: p.set_overwrite(
        t.channel, user_id=t.boss.id, deny=["message.send"], **who
    ),
    "overwrite for the owner": lambda p, t, who: p.set_overwrite(
        at=("category", t.category), user_id=t.owner.id, deny=["message.send"], **who
    ),
}

# Acts within the actor's rank that would give somebody member.ban.
LACKING: dict[str, Act] = {
    "grant": lambda p, t, who: p.assign_permissions_to_role(t.low, ["member.ban"], **who),
    "grant in the server": lambda p, t, who: p.assign_permissions_to_role(
        t.low, ["member.kick", "member.ban"], "server", t.id, **who
    ),
    "grant in a channel": lambda p, t, who: p.assign_permissions_to_role(
        t.low, ["member.ban"], "channel", t.channel, **who
    ),
    "grant to everyone": lambda p, t, who: p.assign_permissions_to_role(
        t.community.everyone_id, ["member.ban"], **who
    ),
    "grant a group": lambda p, t, who: p.assign_group_to_role(t.group, t.low, **who),
    "inherit": lambda p, t, who: p.update_role(t.low, parent=t.high, **who),
    "make an heir": lambda p, t, who: p.register_role("heir", t.id, t.high, position=1, **who),
    "overwrite": lambda p, t, who: p.set_overwrite(
        t.channel, role_id=t.low, allow=["member.ban"], **who
    ),
    "overwrite in the category": lambda p, t, who: p.set_overwrite(
        at=("category", t.category), role_id=t.low, allow=["member.ban"], **who
    ),
    "overwrite for a junior": lambda p, t, who: p.set_overwrite(
        t.channel, user_id=t.junior.id, allow=["member.ban"], **who
    ),
    "overwrite for oneself": lambda p, t, who: p.set_overwrite(
        t.channel, user_id=t.actor.id, allow=["member.ban"], **who
    ),
}


def refused(
    app: Flask, world: World, act: Callable[[dict[str, Any]], Any], actor: int
) -> PermissionDenied:
    """The denial of an act, which must have changed nothing."""
    before = world.snapshot()
    with app.app_context(), pytest.raises(PermissionDenied) as denied:
        act({"actor_id": actor, "reason": "because"})
    assert world.snapshot() == before
    return denied.value


def test_nobody_gives_takes_or_edits_at_or_above_their_own_rank(
    app: Flask, world: World, town: Town, subtests: pytest.Subtests
) -> None:
    for name, act in TOO_HIGH.items():
        with subtests.test(name):
            denied = refused(app, world, partial(act, permissions, town), town.actor.id)
            assert denied.decision.reason == "role_too_high"


def test_nobody_gives_what_they_lack(
    app: Flask, world: World, town: Town, subtests: pytest.Subtests
) -> None:
    for name, act in LACKING.items():
        with subtests.test(name):
            denied = refused(app, world, partial(act, permissions, town), town.actor.id)
            assert denied.decision.reason == "lacks_permission"
            assert denied.decision.names == ("member.ban",)
            assert denied.permission == "member.ban"


def test_super_admins_and_the_system_are_bound_by_neither_rule(
    app: Flask, town: Town, subtests: pytest.Subtests
) -> None:
    for actor_id in (town.root.id, None):
        for name, act in (*TOO_HIGH.items(), *LACKING.items()):
            with subtests.test(name, actor_id=actor_id), app.app_context():
                act(permissions, town, {"actor_id": actor_id, "commit": False})


def test_the_owner_stands_above_the_roles_of_the_server_but_not_above_global_ones(
    app: Flask, world: World, town: Town, subtests: pytest.Subtests
) -> None:
    elsewhere = ("make a global one", "edit a global one", "give a global one")
    for name, act in (*TOO_HIGH.items(), *LACKING.items()):
        with subtests.test(name):
            if name in elsewhere:
                denied = refused(app, world, partial(act, permissions, town), town.owner.id)
                assert denied.decision.reason == "role_too_high"
            else:
                with app.app_context():
                    act(permissions, town, {"actor_id": town.owner.id, "commit": False})


def test_an_outsider_has_no_rank_at_all(app: Flask, world: World, town: Town) -> None:
    before = world.snapshot()
    for name in ("edit", "give", "grant"):
        with app.app_context(), pytest.raises(UnknownResource) as unknown:
            TOO_HIGH[name](permissions, town, {"actor_id": town.outsider.id})
        assert unknown.value.kind == "role"
    by_node = TOO_HIGH["overwrite for a superior"]
    with app.app_context(), pytest.raises(UnknownResource) as unknown:
        by_node(permissions, town, {"actor_id": town.outsider.id})
    assert unknown.value.kind == "channel"
    assert world.snapshot() == before


def test_a_member_without_roles_cannot_touch_the_default_role(
    app: Flask, world: World, town: Town
) -> None:
    plain = world.member(town.community)
    denied = refused(
        app,
        world,
        lambda who: permissions.assign_permissions_to_role(
            town.community.everyone_id, ["message.send"], "channel", town.channel, **who
        ),
        plain.id,
    )
    assert denied.decision.reason == "role_too_high"


@pytest.mark.parametrize(
    "columns",
    [
        {"valid_until": World.soon(-1)},
        {"valid_from": World.soon()},
    ],
)
def test_a_role_that_is_not_valid_now_gives_no_rank(
    app: Flask, world: World, town: Town, columns: dict[str, Any]
) -> None:
    late = world.member(town.community, None, town.low)
    world.assign(late, town.high, **columns)
    denied = refused(
        app, world, lambda who: permissions.update_role(town.middle, name="x", **who), late.id
    )
    assert denied.decision.reason == "role_too_high"


def test_an_inactive_role_and_an_inherited_one_give_no_rank(
    app: Flask, world: World, town: Town
) -> None:
    idle = world.role(town.community, position=9, active=False)
    heir = world.role(town.community, position=1, parent_id=town.high)
    person = world.member(town.community, None, idle, heir)
    denied = refused(
        app, world, lambda who: permissions.update_role(town.low, name="x", **who), person.id
    )
    assert denied.decision.reason == "role_too_high"


@pytest.mark.parametrize("kind", ["disabled", "nobody"])
def test_an_actor_who_is_disabled_or_nobody_changes_nothing(
    app: Flask, world: World, town: Town, kind: str
) -> None:
    actor_id = 9999 if kind == "nobody" else world.user(super_admin=True, disabled=True).id
    writes: list[Callable[[dict[str, Any]], Any]] = [
        lambda who: permissions.update_role(town.low, name="x", **who),
        lambda who: permissions.batch_register_roles([], **who),
    ]
    for write in writes:
        denied = refused(app, world, write, actor_id)
        assert denied.decision.reason == {"disabled": "disabled", "nobody": "unknown_user"}[kind]


def test_what_lifts_a_denial_needs_the_permission(app: Flask, world: World, town: Town) -> None:
    mute = world.role(town.community, position=1, name="mute", deny=["member.ban"])
    world.assign(town.junior, mute)
    world.overwrite(channel=town.channel, role=town.low, deny=["member.ban"])
    scope = ("server", town.id)
    lifting: list[Callable[[dict[str, Any]], Any]] = [
        lambda who: permissions.revoke_permissions_from_role(mute, ["member.ban"], *scope, **who),
        lambda who: permissions.assign_permissions_to_role(mute, ["member.ban"], *scope, **who),
        lambda who: permissions.revoke_roles_from_user(town.junior.id, [mute], **who),
        lambda who: permissions.delete_role(mute, **who),
        lambda who: permissions.update_role(mute, active=False, **who),
        lambda who: permissions.clear_overwrite(town.channel, role_id=town.low, **who),
        lambda who: permissions.set_overwrite(town.channel, role_id=town.low, **who),
        lambda who: permissions.revoke_roles_from_user(town.junior.id, [town.low], **who),
    ]
    for act in lifting:
        denied = refused(app, world, act, town.actor.id)
        assert denied.decision.names == ("member.ban",)


def test_what_a_role_inherits_and_its_overwrites_are_given_with_it(
    app: Flask, world: World, town: Town
) -> None:
    def give(role_id: int) -> Callable[[dict[str, Any]], Any]:
        return lambda who: permissions.assign_roles_to_user(town.junior.id, [role_id], **who)

    with app.app_context():
        grouped = permissions.register_role("grouped", town.id).ids[0]
        permissions.assign_group_to_role(town.group, grouped)
    heir = world.role(town.community, parent_id=town.high)
    in_channel = world.role(town.community)
    world.overwrite(channel=town.channel, role=in_channel, allow=["member.ban"])
    in_category = world.role(town.community)
    world.overwrite(category=town.category, role=in_category, allow=["member.ban"])
    for role_id in (grouped, heir, in_channel, in_category):
        assert refused(app, world, give(role_id), town.actor.id).decision.names == ("member.ban",)
    harmless = world.role(town.community, "member.kick")
    with app.app_context():
        give(harmless)({"actor_id": town.actor.id})


def test_a_permission_held_elsewhere_does_not_help_where_it_is_taken_away(
    app: Flask, world: World, town: Town
) -> None:
    world.overwrite(channel=town.channel, role=town.middle, deny=["message.send"])
    denied = refused(
        app,
        world,
        lambda who: permissions.set_overwrite(
            town.channel, role_id=town.low, allow=["message.send"], **who
        ),
        town.actor.id,
    )
    assert denied.decision.names == ("message.send",)
    with app.app_context():
        permissions.assign_permissions_to_role(
            town.low, ["message.send"], actor_id=town.actor.id, commit=False
        )


def test_groups_are_judged_in_every_place_where_they_are_granted(
    app: Flask, world: World, town: Town
) -> None:
    with app.app_context():
        permissions.assign_group_to_role(town.group, town.low)
    denied = refused(
        app,
        world,
        lambda who: permissions.assign_permission_to_group(town.group, ["role.manage"], **who),
        town.actor.id,
    )
    assert denied.decision.names == ("role.manage",)
    with app.app_context():
        permissions.assign_permission_to_group(town.group, ["member.kick"], actor_id=town.actor.id)
        permissions.assign_group_to_role(town.group, town.high, "server", town.id, "deny")
    for act in (permissions.remove_permission_from_group, permissions.delete_group):
        arguments = ([town.group, ["member.ban"]], [town.group])[act.__name__ == "delete_group"]
        denied = refused(app, world, lambda who, a=act, n=arguments: a(*n, **who), town.actor.id)
        assert denied.decision.names == ("member.ban",)


def test_below_their_rank_and_within_what_they_have_actors_are_free(app: Flask, town: Town) -> None:
    who: dict[str, Any] = {"actor_id": town.actor.id}
    with app.app_context():
        made = permissions.register_role("made", town.id, town.low, position=4, **who).ids[0]
        permissions.update_role(made, name="renamed", position=3, parent=None, **who)
        permissions.assign_permissions_to_role(made, ["member.kick"], "server", town.id, **who)
        permissions.assign_roles_to_user(town.junior.id, [made], **who)
        permissions.set_overwrite(town.channel, role_id=made, deny=["message.send"], **who)
        permissions.set_overwrite(town.channel, user_id=town.junior.id, deny=["message.pin"], **who)
        permissions.delete_role(made, **who)


def test_one_outranks_by_the_highest_role_alone(app: Flask, world: World, town: Town) -> None:
    ladder = [town.owner, town.boss, town.actor, town.junior, town.outsider]
    home = ("server", town.id)
    with app.app_context():
        for height, upper in enumerate(ladder[:4]):
            for lower in ladder[height + 1 :]:
                assert permissions.outranks(upper.id, lower.id, home), (upper, lower)
                assert not permissions.outranks(lower.id, upper.id, home), (upper, lower)
        for person in ladder:
            assert permissions.outranks(town.root.id, person.id, home)
        for equal in (town.owner, town.boss, town.actor):
            assert not permissions.outranks(equal.id, equal.id, home)
    peer = world.member(town.community, None, town.middle)
    banned = world.user()
    world.ban(town.community, banned)
    world.assign(banned, town.high)
    with app.app_context():
        assert not permissions.outranks(town.actor.id, peer.id, home)
        assert permissions.outranks(town.actor.id, banned.id, home)
        with pytest.raises(UnknownResource):
            permissions.outranks(town.actor.id, peer.id, ("server", 9999))
        with pytest.raises(ValidationFailed):
            permissions.outranks(str(town.actor.id), peer.id, home)  # type: ignore[arg-type]


def test_ranks_are_ordered() -> None:
    assert OUTSIDE < LOWEST < 1 < OWNER_RANK < UNBOUND_RANK
    assert may_handle(5, 4)
    assert not may_handle(5, 5)
    assert not may_handle(LOWEST, 0)


def test_who_may_not_make_heirs_of_a_role_may_not_wake_one(
    app: Flask, world: World, town: Town
) -> None:
    heir = world.role(town.community, position=1, parent_id=town.middle)
    with app.app_context():
        permissions.update_role(heir, active=False)
        with pytest.raises(PermissionDenied) as denied:
            permissions.update_role(heir, active=True, actor_id=town.actor.id)
        db.session.rollback()
        permissions.update_role(heir, active=True, actor_id=town.owner.id)
    assert denied.value.decision.reason == "role_too_high"


@pytest.mark.parametrize("scope", ["of the server's role", "of the global role in the server"])
def test_what_one_server_denies_the_actor_is_not_given_for_all_servers(
    app: Flask, world: World, town: Town, scope: str
) -> None:
    high = world.role(None, "member.kick", "message.send", position=5)
    giver, receiver = world.member(town.community, None, town.low), world.user()
    world.assign(giver, high)
    with app.app_context():
        permissions.assign_permissions_to_role(town.global_role, ["member.kick"])
        where = ("server", town.id) if scope == "of the global role in the server" else ()
        denied_by = high if where else town.low
        permissions.assign_permissions_to_role(denied_by, ["member.kick"], *where, effect="deny")
        with pytest.raises(PermissionDenied) as denied:
            permissions.assign_roles_to_user(receiver.id, [town.global_role], actor_id=giver.id)
        db.session.rollback()
        permissions.revoke_permissions_from_role(town.global_role, ["member.kick"])
        permissions.assign_permissions_to_role(town.global_role, ["message.send"])
        permissions.assign_roles_to_user(receiver.id, [town.global_role], actor_id=giver.id)
    assert denied.value.decision.reason == "lacks_permission"
    assert denied.value.decision.names == ("member.kick",)
