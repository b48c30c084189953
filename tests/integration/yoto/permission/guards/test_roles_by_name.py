"""Roles by their names, in decorators and on pages: which count, for whom, and where."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, render_template_string
from sqlalchemy import update

from app.models import Member
from tests.support.statements import count_statements
from tests.support.world import Community, Person, World
from yoto.auth.access import public
from yoto.errors import PermissionDenied, UnknownPermission, UnknownResource, ValidationFailed
from yoto.permission import (
    acting_as,
    has_permission,
    has_role,
    permission_denied,
    require_role,
    require_roles,
)
from yoto.store.columns import utcnow


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


def roles_of(app: Flask, person: Person, *names: str, **place: Any) -> list[str]:
    with app.app_context(), acting_as(person.id):
        return [name for name in names if has_role(name, **place)]


def test_what_is_assigned_counts_with_all_that_it_inherits_from(
    app: Flask, world: World, community: Community
) -> None:
    chief = world.role(None, name="Chief")
    editor = world.role(community, name="editor", parent_id=chief)
    world.role(community, name="other")
    person = world.member(community, None, editor)
    names = ("editor", "Chief", "chief", "other")
    for place in (
        {"scope": "server", "scope_id": community.id},
        {"scope": "channel", "scope_id": community.channel_id},
    ):
        assert roles_of(app, person, *names, **place) == ["editor", "Chief"]
    # A role of a server is one there alone, and so is what it inherits from.
    assert roles_of(app, person, *names) == []
    world.assign(person, chief)
    assert roles_of(app, person, *names) == ["Chief"]


def test_what_is_not_in_force_counts_nowhere(
    app: Flask, world: World, community: Community
) -> None:
    person, now = world.member(community), utcnow()
    hour = timedelta(hours=1)
    world.assign(person, world.role(community, name="past"), valid_until=now - hour)
    world.assign(person, world.role(community, name="future"), valid_from=now + hour)
    world.assign(person, world.role(community, name="asleep", active=False))
    world.assign(person, world.role(community, name="present"), valid_until=now + hour)
    names, here = ("past", "future", "asleep", "present"), {"scope": "server"}
    assert roles_of(app, person, *names, **here, scope_id=community.id) == ["present"]
    world.run(update(Member).where(Member.user_id == person.id).values(banned=True))
    assert roles_of(app, person, *names, **here, scope_id=community.id) == []


def test_no_standing_is_a_role(app: Flask, world: World, community: Community) -> None:
    editor = world.role(community, name="editor")
    root = world.user(super_admin=True)
    gone = world.user(disabled=True)
    world.assign(gone, world.role(None, name="editor"))
    here = {"scope": "server", "scope_id": community.id}
    for person in (root, community.owner, gone):
        assert roles_of(app, person, "editor", **here) == []
    world.assign(community.owner, editor)
    assert roles_of(app, community.owner, "editor", **here) == ["editor"]


@pytest.mark.parametrize("name", ["editor ", " editor", "", "@everyone", 5, None, "a\n", "x" * 101])
def test_what_can_be_no_roles_name_is_refused_where_it_is_written(app: Flask, name: Any) -> None:
    for decorate in (require_role, lambda name: require_roles(["editor", name], op="OR")):
        with pytest.raises(ValidationFailed) as refused:
            decorate(name)
        assert list(refused.value.errors) == ["names"]
    with app.app_context(), acting_as(1), pytest.raises(ValidationFailed):
        has_role(name)


@pytest.mark.parametrize(("names", "op"), [("editor", "AND"), ([], "AND"), (["editor"], "NOT")])
def test_what_makes_no_requirement_is_refused_where_it_is_written(names: Any, op: str) -> None:
    with pytest.raises(ValidationFailed):
        require_roles(names, op=op)


def test_decorators_let_those_through_who_have_the_roles(
    app: Flask, world: World, community: Community
) -> None:
    @require_roles(["editor", "chief"], scope="server", scope_id="server_id")
    def both(server_id: int) -> str:
        return "done"

    @require_roles(["editor", "chief"], op="OR", scope="server", scope_id="server_id")
    def one(server_id: int) -> str:
        return "done"

    editor, chief = (world.role(community, name=name) for name in ("editor", "chief"))
    person, nobody = world.member(community, None, editor), world.member(community)
    with app.app_context():
        with acting_as(person.id):
            assert one(community.id) == "done"
            with pytest.raises(PermissionDenied) as denied:
                both(community.id)
            with pytest.raises(UnknownResource):
                one(10**9)
        assert denied.value.decision.reason == "lacks_role"
        assert denied.value.decision.names == ("chief",)
        assert denied.value.permission == "role editor AND role chief"
        told: list[Any] = []
        with permission_denied.connected_to(lambda _, **what: told.append(what["user_id"]), app):
            for user_id, reason in ((nobody.id, "lacks_role"), (10**9, "unknown_user")):
                with acting_as(user_id), pytest.raises(PermissionDenied) as denied:
                    one(community.id)
                assert denied.value.decision.reason == reason
        assert told == [nobody.id, 10**9]
    world.assign(person, chief)
    with app.app_context(), acting_as(person.id):
        assert both(community.id) == "done"
    assert one.__permission_requirement__.names == ("editor", "chief")  # type: ignore[attr-defined]


def test_pages_ask_without_using_a_power_and_read_roles_once(
    app: Flask, world: World, community: Community
) -> None:
    editor = world.role(None, name="editor")
    root = world.user(super_admin=True)
    world.assign(root, editor)
    page = (
        "{{ has_role('editor') }} {{ has_role('chief') }} {{ has_permission('platform.view') }} "
        "{{ has_permission('message.pin', scope='server', scope_id=1) }}"
    )
    view = public("a page")(lambda: render_template_string(page))
    app.add_url_rule("/page", view_func=view, endpoint="page")
    client = app.test_client()
    client.get("/page", headers=root.headers)
    with count_statements(app) as statements:
        assert client.get("/page", headers=root.headers).text == "True False True True"
    assert len([text for text in statements if "yoto_roles" in text]) == 1
    assert client.get("/page").text == "False False False False"
    assert world.acts("super_admin.use") == []
    with app.app_context(), acting_as(root.id):
        assert has_permission("platform.view")
        with pytest.raises(UnknownResource):
            has_permission("message.pin", "server", 10**9)
        with pytest.raises(UnknownPermission):
            has_permission("message.pim")
