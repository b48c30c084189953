"""Searches of small communities: cursors, limits, statements, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from itertools import compress
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import aliased

from app.extensions import permissions
from app.models import Channel, Member, Server
from tests.support.statements import count_statements
from tests.support.world import Community, World
from yoto import PUBLIC, Team
from yoto.errors import UnknownPermission, UnknownResource, ValidationFailed
from yoto.permission import Page, PermissionSystem, PolicyAnswer, PolicyQuestion
from yoto.permission.registry.catalogue import CATALOGUE
from yoto.permission.search import resources, users
from yoto.permission.state import get_state
from yoto.store.db import db
from yoto.store.models import Permission

READ, SEND = "channel.read", "message.send"

Search = Callable[..., Any]


@pytest.fixture
def harbour(world: World) -> Community:
    return world.server()


@pytest.fixture
def search(app: Flask) -> Search:
    def call(method: str, *arguments: Any, **options: Any) -> Any:
        with app.app_context():
            found = getattr(permissions, method)(*arguments, **options)
            db.session.remove()
        return found

    return call


def test_pages_of_channels_follow_each_other(
    world: World, harbour: Community, search: Search
) -> None:
    person = world.member(harbour)
    ids = [harbour.channel_id, *(world.channel(harbour) for _ in range(4))]
    hidden = world.channel(harbour)
    world.overwrite(channel=hidden, role=harbour.everyone_id, deny=[READ])
    first = search("list_resources", person.id, READ, limit=3)
    assert first == Page(tuple(ids[:3]), ids[2])
    assert search("list_resources", person.id, READ, after=ids[2], limit=3) == Page(
        tuple(ids[3:]), None
    )


def test_servers_are_those_of_the_user_and_those_that_a_global_role_reaches(
    world: World, harbour: Community, search: Search
) -> None:
    other, third = world.server(), world.server()
    person = world.member(harbour)
    assert search("list_resources", person.id, "member.invite", "server").ids == (harbour.id,)
    guide = world.role(None)
    with world.app.app_context():
        permissions.assign_permissions_to_role(guide, ["member.invite"], "server", other.id)
        db.session.remove()
    world.assign(person, guide)
    reached = (harbour.id, other.id)
    assert search("list_resources", person.id, "member.invite", "server").ids == reached
    world.assign(person, world.role(None, "member.invite"))
    everywhere = (*reached, third.id)
    assert search("list_resources", person.id, "member.invite", "server").ids == everywhere


def test_a_global_role_named_by_an_overwrite_reaches_that_channel(
    world: World, harbour: Community, search: Search
) -> None:
    guest, guests = world.user(), world.role(None)
    world.assign(guest, guests)
    world.overwrite(channel=harbour.channel_id, role=guests, allow=[READ])
    world.server()
    assert search("list_resources", guest.id, READ).ids == (harbour.channel_id,)


def test_users_are_found_by_each_way_to_have_a_permission(world: World, search: Search) -> None:
    harbour = world.server(grants=[READ])
    boss, sailor = world.role(harbour, SEND), world.role(harbour, parent_id=None)
    heir = world.role(harbour, parent_id=boss)
    root = world.user("root", super_admin=True)
    chief, child = world.member(harbour, None, boss), world.member(harbour, None, heir)
    named, over = world.member(harbour), world.member(harbour, None, sailor)
    world.member(harbour)
    world.overwrite(channel=harbour.channel_id, user=named, allow=[SEND])
    world.overwrite(channel=harbour.channel_id, role=sailor, allow=[SEND])
    expected = sorted(person.id for person in (harbour.owner, root, chief, child, named, over))
    assert list(search("list_users", SEND, "channel", harbour.channel_id).ids) == expected
    members = search("list_users", READ, "channel", harbour.channel_id).ids
    assert len(members) == 7


def test_a_page_that_looked_at_enough_is_short_and_says_where_to_go_on(
    world: World, harbour: Community, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "SCAN_MAX", 2)
    monkeypatch.setattr(users, "FIRST_LOOK", 1)
    monkeypatch.setattr(users, "SCAN_MAX", 2)
    hidden = [world.channel(harbour) for _ in range(3)]
    last = world.channel(harbour)
    for channel in (harbour.channel_id, *hidden):
        world.overwrite(channel=channel, role=harbour.everyone_id, deny=[SEND])
    person = world.member(harbour)
    world.members(harbour, 5)
    page = search("list_resources", person.id, SEND)
    assert page == Page((), hidden[0])
    page = search("list_resources", person.id, SEND, after=page.next_after)
    assert page == Page((), hidden[2])
    page = search("list_resources", person.id, SEND, after=page.next_after)
    assert page == Page((last,), None)

    found, after, turns = [], None, 0
    while turns == 0 or after is not None:
        page = search("list_users", SEND, "channel", harbour.channel_id, after=after, limit=1)
        found += page.ids
        after, turns = page.next_after, turns + 1
    assert found == [harbour.owner.id] and turns > 1


def test_statements_do_not_grow_with_what_there_is(
    app: Flask, world: World, harbour: Community, search: Search
) -> None:
    person = world.member(harbour)

    def statements() -> list[int]:
        counts = []
        for question in (
            ("list_resources", person.id, READ),
            ("list_users", READ, "channel", harbour.channel_id),
        ):
            with count_statements(app) as counted:
                search(*question)
            counts.append(len(counted))
        return counts

    statements()  # the first one reads the registry, too
    few = statements()
    for _ in range(30):
        channel = world.channel(harbour)
        world.overwrite(channel=channel, role=world.role(harbour, SEND), allow=[SEND])
    world.members(harbour, 30)
    assert statements() == few
    assert few[0] <= 3 and few[1] <= 11


def test_a_statement_keeps_what_it_asked_for(app: Flask, world: World, harbour: Community) -> None:
    person, other = world.member(harbour), world.server()
    world.channel(harbour, "aft")
    with app.app_context():
        named = select(Channel).where(Channel.name == "aft").order_by(Channel.id)
        seen = permissions.visible(named, person.id, READ)
        assert [channel.name for channel in db.session.scalars(seen)] == ["aft"]
        counted = permissions.visible(select(func.count(Channel.id)), person.id, READ)
        assert db.session.scalar(counted) == 2
        servers = permissions.visible(select(Server), person.id, "member.invite")
        assert [server.id for server in db.session.scalars(servers)] == [harbour.id] != [other.id]
        db.session.remove()


def test_what_policies_judge_is_asked_place_by_place(
    app: Flask, world: World, harbour: Community
) -> None:
    person, second = world.member(harbour), world.channel(harbour)
    with app.app_context():
        db.session.get_one(Permission, world.permission_id(READ)).abac = True
        db.session.commit()
        system = PermissionSystem()
        system.init_app(
            app,
            policy=lambda question: PolicyAnswer(
                question.place.id == second and question.user_id == person.id, "why"
            ),
        )
        seen = system.visible(select(Channel), person.id, READ)
        assert [channel.id for channel in db.session.scalars(seen)] == [second]
        assert system.list_resources(person.id, READ).ids == (second,)
        assert system.list_users(READ, "channel", second).ids == (person.id,)
        db.session.remove()


# Verdicts of policies on a permission in the first, second, third and fourth channel.
ANSWERS = (
    PolicyAnswer(True, "fine"),
    PolicyAnswer(False, "why"),
    PolicyAnswer(False, "missing:hour", reasons=("missing:hour",)),
    PolicyAnswer(False, "broken", failed=True),
)


@pytest.mark.parametrize("everywhere", [True, False])
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("channel.read AND NOT message.send", "-y---"),
        ("channel.read AND message.send", "y---y"),
        ("message.send OR channel.read AND message.manage", "y---y"),
        ("channel.read AND (NOT message.send OR NOT message.manage)", "yyy-y"),
        ("message.manage AND NOT message.send", "-----"),
    ],
)
def test_under_a_not_a_list_takes_unknown_for_no_more_than_a_check_does(
    app: Flask, world: World, harbour: Community, everywhere: bool, expression: str, expected: str
) -> None:
    person, first = world.member(harbour), harbour.channel_id
    channels = [first, *(world.channel(harbour) for _ in range(4))]
    judged, free = channels[: len(ANSWERS)], channels[-1]

    def judge(question: PolicyQuestion) -> PolicyAnswer:
        # Policies are asked about one permission alone.
        assert question.permission == SEND
        return ANSWERS[judged.index(question.place.id)] if question.place.id != free else ANSWERS[0]

    with app.app_context():
        if everywhere:
            db.session.get_one(Permission, world.permission_id(SEND)).abac = True
        else:
            db.session.execute(update(Channel).where(Channel.id.in_(judged)).values(sensitivity=2))
        db.session.commit()
        system, wired = PermissionSystem(), get_state().judged
        system.init_app(app, policy=judge, judged=wired)
        one_by_one = [
            system.decide_expression(person.id, expression, "channel", id_).allowed
            for id_ in channels
        ]
        assert "".join("-y"[allowed] for allowed in one_by_one) == expected
        allowed = tuple(compress(channels, one_by_one))
        pages = system.list_resources(person.id, expression=expression)
        assert pages == Page(allowed, None)
        for entity in (Channel, aliased(Channel)):
            statement = select(entity.id).order_by(entity.id)
            seen = system.visible(statement, person.id, expression=expression)
            assert tuple(db.session.scalars(seen)) == allowed
        for id_, may in zip(channels, one_by_one, strict=True):
            people = system.list_users(None, "channel", id_, expression=expression).ids
            assert (person.id in people) == may
        db.session.remove()


def test_by_an_expression_pages_hold_what_they_hold_by_one_permission(
    world: World, harbour: Community, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "SCAN_MAX", 2)
    person = world.member(harbour)
    ids = [harbour.channel_id, *(world.channel(harbour) for _ in range(4))]
    for muted in ids[:3]:
        world.overwrite(channel=muted, role=harbour.everyone_id, deny=[SEND])
    muted_alone = {"expression": f"{READ} AND NOT {SEND}"}
    assert search("list_resources", person.id, limit=1, **muted_alone) == Page((ids[0],), ids[0])
    page = search("list_resources", person.id, after=ids[0], **muted_alone)
    assert page == Page(tuple(ids[1:3]), ids[2])
    page = search("list_resources", person.id, after=ids[2], **muted_alone)
    assert page == Page((), ids[4])
    # Somebody who has nothing there does not send either.
    stranger = world.user()
    assert search("list_resources", stranger.id, **muted_alone) == Page((), None)


def test_where_rules_of_channels_are_judged_the_policies_say(
    app: Flask, world: World, harbour: Community
) -> None:
    person, twin = world.member(harbour), aliased(Channel)
    free = harbour.channel_id
    hushed, closed, hidden = (world.channel(harbour) for _ in range(3))
    world.overwrite(channel=hidden, role=harbour.everyone_id, deny=[SEND])
    asked: list[int | None] = []

    def judge(question: PolicyQuestion) -> PolicyAnswer:
        asked.append(question.place.id)
        return PolicyAnswer(question.place.id == hushed, "why")

    with app.app_context():
        rated = update(Channel).where(Channel.id.in_([hushed, closed, hidden]))
        db.session.execute(rated.values(sensitivity=2))
        db.session.commit()
        system, wired = PermissionSystem(), get_state().judged
        system.init_app(app, policy=judge, judged=wired)
        for entity in (Channel, twin):
            seen = system.visible(select(entity).order_by(entity.id), person.id, SEND)
            assert [one.id for one in db.session.scalars(seen)] == [free, hushed]
        narrowed = system.visible(seen, person.id, READ)
        assert [one.id for one in db.session.scalars(narrowed)] == [free, hushed]
        assert system.list_resources(person.id, SEND).ids == (free, hushed)
        db.session.remove()
    assert set(asked) == {hushed, closed}


def test_each_permission_gives_sql_for_each_type_as_it_gives_pages(
    app: Flask, world: World, harbour: Community
) -> None:
    holders = {
        spec.name: world.member(harbour, None, world.role(harbour, spec.name)) for spec in CATALOGUE
    }
    with app.app_context():
        for name, person in holders.items():
            for model, scope in ((Server, "server"), (Channel, "channel")):
                seen = permissions.visible(select(model.id).order_by(model.id), person.id, name)
                pages = permissions.list_resources(person.id, name, scope)
                assert tuple(db.session.scalars(seen)) == pages.ids, (name, scope)
        db.session.remove()


@pytest.mark.parametrize(
    ("call", "error", "field"),
    [
        (("list_resources", 1, "no.such"), UnknownPermission, "permission"),
        (("list_resources", "1", READ), ValidationFailed, "user_id"),
        (("list_resources", 1, READ, "global"), ValidationFailed, "scope"),
        (("list_resources", 1, READ, "channel", "1"), ValidationFailed, "server_id"),
        (("list_resources", 1, READ, "channel", 10**9), UnknownResource, "server_id"),
        (("list_resources", 1, "member.kick", "server", 1), ValidationFailed, "server_id"),
        (("list_resources", 1, READ, "channel", None, "7"), ValidationFailed, "after"),
        (("list_resources", 1, READ, "channel", None, -1), ValidationFailed, "after"),
        (("list_resources", 1, READ, "channel", None, None, 0), ValidationFailed, "limit"),
        (("list_resources", 1, READ, "channel", None, None, True), ValidationFailed, "limit"),
        (("list_users", "no.such", "global"), UnknownPermission, "permission"),
        (("list_users", READ, "planet", 1), ValidationFailed, "scope"),
        (("list_users", READ, "channel"), ValidationFailed, "scope_id"),
        (("list_users", READ, "channel", 10**9), UnknownResource, "channel_id"),
        (("list_users", READ, "server", 1, 1.5), ValidationFailed, "after"),
        (("list_users", READ, "server", 1, None, 1001), ValidationFailed, "limit"),
        (("list_resources", 1, None), ValidationFailed, "permission"),
        (("list_users", None, "global"), ValidationFailed, "permission"),
        (("visible", select(Channel), 1), ValidationFailed, "permission"),
        (("visible", select(Permission), 1, READ), ValidationFailed, "statement"),
        (("visible", select(Channel, Server), 1, READ), ValidationFailed, "statement"),
        (("visible", select(Channel), None, READ), ValidationFailed, "user_id"),
    ],
)
def test_bad_input_names_the_field(
    search: Search, call: tuple[Any, ...], error: type[ValidationFailed], field: str
) -> None:
    with pytest.raises(error) as raised:
        search(*call)
    assert list(raised.value.errors) == [field]


@pytest.mark.parametrize(
    ("expression", "more"), [(f"NOT {READ}", {}), (READ, {"permission": READ}), ("no.such", {})]
)
def test_an_expression_that_cannot_be_listed_is_refused_by_each_list(
    search: Search, expression: str, more: dict[str, str]
) -> None:
    given = {"expression": expression, **more}
    for question in (
        ("list_resources", 1),
        ("list_users",),
        ("visible", select(Channel), 1),
    ):
        with pytest.raises(ValidationFailed) as raised:
            search(*question, **given)
        assert list(raised.value.errors) == ["expression"]


def test_the_permissions_of_somebody_are_those_of_the_database(
    app: Flask, world: World, harbour: Community, search: Search
) -> None:
    person = world.member(harbour)
    question = (person.id, "channel", harbour.channel_id)
    assert SEND in search("effective_permissions", *question)
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(update(Member).values(banned=True))  # past the application
    assert SEND in search("effective_permissions", *question), "remembered"
    assert search("allowed_permissions", *question) == []


def test_a_team_that_opens_the_gate_to_what_everybody_has_is_a_set_that_has_it(
    app: Flask, world: World, harbour: Community, search: Search
) -> None:
    sending, reading = world.role(None, SEND), world.role(None, READ)
    with app.app_context():
        permissions.assign(PUBLIC, sending)
        [team] = permissions.create_team("readers").ids
        assert Team(team) not in search("list_sets", SEND, "channel", harbour.channel_id)
        permissions.assign(Team(team), reading)
        db.session.remove()
    found = search("list_sets", SEND, "channel", harbour.channel_id)
    assert Team(team) in found and PUBLIC not in found
