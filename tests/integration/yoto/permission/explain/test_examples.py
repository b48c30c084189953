"""Explanations of small communities that show one thing each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.extensions import permissions
from tests.support.statements import count_statements
from tests.support.world import Community, Person, World
from yoto.errors import UnknownPermission, UnknownResource, ValidationFailed
from yoto.permission import PermissionSystem, PolicyAnswer
from yoto.store.db import db

SEND = "message.send"


@pytest.fixture
def harbour(world: World) -> Community:
    return world.server()


@pytest.fixture
def explain(app: Flask) -> Callable[..., Any]:
    def asked(*question: Any, **options: Any) -> Any:
        with app.app_context():
            found = permissions.explain(*question, **options)
            db.session.remove()
        return found

    return asked


def test_roles_are_told_with_their_way_and_window(
    world: World, harbour: Community, explain: Callable[..., Any]
) -> None:
    root = world.role(harbour, SEND, name="root")
    crew = world.role(harbour, name="crew", parent_id=root)
    person = world.member(harbour)
    until = world.soon()
    world.assign(person, crew, valid_until=until)
    found = explain(person.id, SEND, "channel", harbour.channel_id)
    links = {link.name: link for link in found.roles}
    assert (links["crew"].source, links["crew"].valid_until) == ("assignment", until)
    assert (links["root"].source, links["root"].via) == ("inheritance", crew)
    assert links["@everyone"].source == "default"
    assert found.valid_until == until
    assert "root" in found.text and f"inherited by {crew}" in found.text


@pytest.mark.parametrize(
    ("end", "seconds", "status"),
    [("valid_from", 3600, "not_yet"), ("valid_until", -60, "over")],
)
def test_a_role_out_of_its_window_is_told_and_opening_the_window_is_proposed(
    world: World, explain: Callable[..., Any], end: str, seconds: int, status: str
) -> None:
    harbour = world.server(grants=())
    crew = world.role(harbour, SEND, "channel.read")
    person = world.member(harbour)
    world.assign(person, crew, **{end: world.soon(seconds)})
    found = explain(person.id, SEND, "channel", harbour.channel_id)
    assert not found.allowed
    assert {link.role_id: link.status for link in found.roles}[crew] == status
    assert found.change.kind == "set_window"


def test_each_overwrite_step_tells_what_it_changed(
    world: World, harbour: Community, explain: Callable[..., Any]
) -> None:
    crew = world.role(harbour)
    person = world.member(harbour, None, crew)
    channel = harbour.channel_id
    world.overwrite(channel=channel, role=harbour.everyone_id, deny=[SEND])
    world.overwrite(channel=channel, role=crew, allow=[SEND, "message.pin"])
    world.overwrite(channel=channel, user=person, deny=["message.pin"])
    found = explain(person.id, SEND, "channel", channel)
    assert [(step.target, step.gave, step.took) for step in found.steps] == [
        ("everyone", (), (SEND,)),
        ("roles", (SEND, "message.pin"), ()),
        ("user", (), ("message.pin",)),
    ]
    assert [(step.before, step.after) for step in found.steps] == [
        (True, False),
        (False, True),
        (True, True),
    ]


def test_a_channel_in_sync_tells_whose_overwrites_count(
    world: World, harbour: Community, explain: Callable[..., Any]
) -> None:
    category = world.category(harbour)
    channel = world.channel(harbour, category_id=category, synced=True)
    person = world.member(harbour)
    world.overwrite(category=category, user=person, deny=[SEND])
    found = explain(person.id, SEND, "channel", channel)
    assert (found.overwritten, found.reason) == (f"category:{category}", "overwrite_denied")
    assert found.change.detail["place"] == f"category:{category}"


def test_a_time_out_is_told_and_its_end_proposed(
    world: World, harbour: Community, explain: Callable[..., Any]
) -> None:
    person = world.member(harbour, timeout_until=world.soon())
    found = explain(person.id, SEND, "channel", harbour.channel_id)
    assert (found.rules, found.change.kind) == (("timed_out",), "end_timeout")
    assert "end the user's time-out" in found.text
    left = ("channel.read", "message.read_history")
    assert found.remaining == left and f"only {' and '.join(left)} remain" in found.text


def test_what_reaches_fewer_people_is_proposed_first(
    world: World, explain: Callable[..., Any]
) -> None:
    """Ten hold the role, one of them asks: an overwrite for that one reaches fewest."""
    harbour = world.server(grants=["channel.read"])
    crew = world.role(harbour)
    world.members(harbour, 9, crew)
    person = world.member(harbour, None, crew)
    found = explain(person.id, SEND, "channel", harbour.channel_id)
    assert [(change.kind, change.affected) for change in found.changes] == [
        ("set_overwrite", 1),
        ("set_overwrite", 10),
        ("grant", 10),
        ("set_overwrite", 11),
        ("grant", 11),
    ]


def test_outside_channels_giving_a_role_that_has_it_is_the_smallest_change(
    world: World, harbour: Community, explain: Callable[..., Any]
) -> None:
    bosun = world.role(harbour, "member.kick", name="bosun")
    person = world.member(harbour)
    found = explain(person.id, "member.kick", "server", harbour.id)
    assert (found.change.kind, found.change.detail["role_id"]) == ("assign_role", bosun)


def test_a_deny_through_a_group_is_told_with_its_group(
    world: World, harbour: Community, explain: Callable[..., Any], app: Flask
) -> None:
    crew = world.role(harbour)
    person = world.member(harbour, None, crew)
    with app.app_context():
        group_id = permissions.register_group("quiet", [SEND]).ids[0]
        permissions.assign_group_to_role(group_id, crew, effect="deny")
        db.session.remove()
    found = explain(person.id, SEND, "server", harbour.id)
    assert not found.allowed
    link = next(link for link in found.grants if link.role_id == crew)
    assert (link.effect, link.group, link.scope) == ("deny", "quiet", "global")
    assert found.change.kind == "remove_group"


def test_somebody_else_than_a_member_is_told_to_join(
    world: World, harbour: Community, explain: Callable[..., Any]
) -> None:
    found = explain(world.user().id, SEND, "channel", harbour.channel_id)
    assert (found.standing, found.reason) == ("outsider", "not_member")
    assert found.change.kind == "join_server"


def test_nobody_has_no_single_change(harbour: Community, explain: Callable[..., Any]) -> None:
    found = explain(10**9, SEND, "channel", harbour.channel_id)
    assert (found.reason, found.change, found.username) == ("unknown_user", None, None)
    assert "by no single change" in found.text


def test_an_owner_skips_the_overwrites(
    world: World, harbour: Community, explain: Callable[..., Any]
) -> None:
    world.overwrite(channel=harbour.channel_id, user=harbour.owner, deny=[SEND])
    found = explain(harbour.owner.id, SEND, "channel", harbour.channel_id)
    assert (found.allowed, found.reason, found.steps) == (True, "owner", ())
    assert "skipped, as for every owner" in found.text


def test_explaining_a_super_admin_is_no_use(
    world: World, harbour: Community, explain: Callable[..., Any]
) -> None:
    root = world.user("root", super_admin=True)
    found = explain(root.id, SEND, "channel", harbour.channel_id)
    assert (found.reason, found.super_admin) == ("super_admin", True)
    assert not [act for act in world.audit(harbour) if act.action == "super_admin.use"]


def test_a_policy_that_denies_is_told_and_no_role_is_proposed(
    app: Flask, world: World, harbour: Community
) -> None:
    person = world.member(harbour)
    system = PermissionSystem()
    system.init_app(app, policy=lambda question: PolicyAnswer(False, "too_late", "v3"))
    with app.app_context():
        found = system.explain(person.id, SEND, "channel", harbour.channel_id, context={"hour": 3})
        refused = system.explain(
            person.id, "message.pin", "channel", harbour.channel_id, context={"hour": 3}
        )
        db.session.remove()
    for explanation in (found, refused):
        assert [(link.allow, link.reason) for link in explanation.policies] == [(False, "too_late")]
        assert explanation.changes == ()
    assert (found.reason, refused.reason) == ("too_late", "not_granted")


def test_it_takes_as_many_statements_for_a_large_server_as_for_a_small_one(
    app: Flask, world: World, harbour: Community, explain: Callable[..., Any]
) -> None:
    def statements(person: Person) -> int:
        with count_statements(app) as counted:
            explain(person.id, SEND, "channel", harbour.channel_id)
        return len(counted)

    statements(harbour.owner)  # the first one reads the registry, too
    small = statements(world.member(harbour))
    roles = [world.role(harbour, SEND, "message.pin") for _ in range(30)]
    world.members(harbour, 30, *roles)
    assert statements(world.member(harbour, None, *roles)) == small < 15


@pytest.mark.parametrize(
    ("question", "error", "field"),
    [
        ((1, "no.such", None, None), UnknownPermission, "permission"),
        ((1, SEND, "planet", 1), ValidationFailed, "scope"),
        ((1, SEND, "channel", "1"), ValidationFailed, "scope_id"),
        ((1, SEND, "channel", None), ValidationFailed, "scope_id"),
        ((1, SEND, "channel", 10**9), UnknownResource, "channel_id"),
        (("1", SEND, None, None), ValidationFailed, "user_id"),
        ((True, SEND, None, None), ValidationFailed, "user_id"),
    ],
)
def test_bad_questions_name_the_field(
    explain: Callable[..., Any],
    question: tuple[Any, ...],
    error: type[ValidationFailed],
    field: str,
) -> None:
    with pytest.raises(error) as raised:
        explain(*question)
    assert list(raised.value.errors) == [field]
