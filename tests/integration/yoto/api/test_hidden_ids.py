"""Ids in the bodies of writes, and further ids in their addresses: one that is hidden from its
sender is answered as one that is not there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.integration.yoto.api.test_visibility import NOWHERE, shown
from tests.support.world import Community, Person, World
from yoto.errors import PlatformError, UnknownResource
from yoto.extensions import permissions
from yoto.permission import Everyone
from yoto.store.db import db

API = "/api/v1"
PIN = "message.pin"


class Realms(NamedTuple):
    """A server of one's own, with ids in it, and ids that are hidden from its owner, by kind."""

    owner: Person
    manager: Person
    own: Community
    role: int
    category: int
    group: int
    hidden: Mapping[str, Mapping[str, int]]


@pytest.fixture
def realms(world: World) -> Realms:
    """The owner of the first server is a member of the second, some channels of which they may not
    read, and has nothing to do with the third."""
    owner, manager = world.user("owner"), world.user("manager")
    world.assign(manager, world.role(None, "admin.roles", position=9))
    own, second, third = world.server(owner), world.server(), world.server(public=False)
    world.member(second, owner)
    attic = world.channel(second, name="attic")
    world.overwrite(channel=attic, role=second.everyone_id, deny=["channel.read"])
    with world.app.app_context():
        [group] = permissions.register_group("pins", [PIN]).ids
    return Realms(
        owner,
        manager,
        own,
        world.role(own, PIN, position=3),
        world.category(own),
        group,
        {
            "role": {
                "a role": world.role(third, PIN, position=2),
                "a role that is off": world.role(third, name="off", active=False),
                "the default role": third.everyone_id,
                "the default role of a public server": world.server(public=True).everyone_id,
            },
            "server": {"a server": third.id},
            "channel": {"a channel": third.channel_id, "a channel that one may not read": attic},
            "category": {"a category": world.category(third)},
        },
    )


class Write(NamedTuple):
    """A write that names one more thing than its address begins with: of which kind, and how."""

    operation: str
    kind: str
    send: Callable[[Realms, int], tuple[str, str, Any]]
    act: str = ""
    who: str = "owner"

    @property
    def called(self) -> str:
        return f"{self.operation} {self.act or self.kind}"


def _at(kind: str, id_: int) -> dict[str, Any]:
    return {"scope": kind, "scope_id": id_}


def _grants(kind: str) -> list[Write]:
    """Writes of what a role may do at a node."""

    def write(operation: str, method: str, path: str, **more: Any) -> Write:
        def send(realms: Realms, id_: int) -> tuple[str, str, Any]:
            at = path.format(group=realms.group)
            return method, f"/roles/{realms.role}{at}", more | _at(kind, id_)

        return Write(operation, kind, send)

    return [
        write("set_grant", "PUT", f"/grants/{PIN}", effect="allow"),
        write("remove_grant", "DELETE", f"/grants/{PIN}"),
        write("set_group_grant", "PUT", "/groups/{group}", effect="allow"),
        write("remove_group_grant", "DELETE", "/groups/{group}"),
        write("apply_template", "PUT", "/templates/message", level="writer"),
    ]


def _overwrites(level: str) -> list[Write]:
    """Writes of overwrites of a role at a channel or a category of one's own."""

    def write(operation: str, method: str, path: str, body: Any) -> Write:
        def send(realms: Realms, id_: int) -> tuple[str, str, Any]:
            at = f"/channels/{realms.own.channel_id}"
            if level == "category":
                at = f"/servers/{realms.own.id}/categories/{realms.category}"
            return method, f"{at}/overwrites/role/{id_}{path}", body

        return Write(operation.format(level), "role", send)

    return [
        write("set_{}_overwrite", "PUT", "", {"allow": [PIN], "deny": []}),
        write("clear_{}_overwrite", "DELETE", "", None),
        write("set_{}_overwrite_from_template", "PUT", "/templates/message", {"level": "reader"}),
    ]


def _whats(act: str, kind: str, **more: Any) -> Write:
    """The question what an act would do; ``ID`` and ``OWN...`` stand for ids."""

    def send(realms: Realms, id_: int) -> tuple[str, str, Any]:
        ids = {"ID": id_, "OWN_ROLE": realms.role, "OWN_CHANNEL": realms.own.channel_id}
        ids["GROUP"] = realms.group

        def filled(value: Any) -> Any:
            if isinstance(value, str):
                value = ids.get(value, value.replace("ID", str(id_)))
            return value

        given = {name: filled(value) for name, value in more.items()}
        return "POST", "/permissions/what-if", {"act": {"act": act, **given}}

    [named] = (name for name, value in more.items() if value == "ID" or str(value).endswith(":ID"))
    return Write("try_act", kind, send, f"{act} {named} {kind}")


def _own_channel(realms: Realms) -> dict[str, Any]:
    return _at("channel", realms.own.channel_id)


PINS = {"role_id": "OWN_ROLE", "permissions": [PIN]}
OVERWRITES = {"scope": "channel", "scope_id": "OWN_CHANNEL"}
NODES = ("server", "channel")
WRITES = [
    Write("change_role", "role", lambda r, id_: ("PATCH", f"/roles/{r.role}", {"parent_id": id_})),
    Write(
        "create_server_role",
        "role",
        lambda r, id_: ("POST", f"/servers/{r.own.id}/roles", {"name": "new", "parent_id": id_}),
    ),
    Write(
        "create_global_role",
        "role",
        lambda r, id_: ("POST", "/roles", {"name": "new", "parent_id": id_}),
        who="manager",
    ),
    Write("add_role_parent", "role", lambda r, id_: ("PUT", f"/roles/{r.role}/parents/{id_}", {})),
    Write(
        "remove_role_parent",
        "role",
        lambda r, id_: ("DELETE", f"/roles/{r.role}/parents/{id_}", None),
    ),
    *(write for kind in NODES for write in _grants(kind)),
    *_overwrites("channel"),
    *_overwrites("category"),
    Write(
        "change_category",
        "category",
        lambda r, id_: ("PATCH", f"/servers/{r.own.id}/categories/{id_}", {"name": "new"}),
    ),
    Write(
        "delete_category",
        "category",
        lambda r, id_: ("DELETE", f"/servers/{r.own.id}/categories/{id_}", None),
    ),
    Write(
        "move_channel",
        "category",
        lambda r, id_: ("PUT", f"/channels/{r.own.channel_id}/category", {"category_id": id_}),
    ),
    Write(
        "create_channel",
        "category",
        lambda r, id_: ("POST", f"/servers/{r.own.id}/channels", {"name": "c", "category_id": id_}),
    ),
    Write(
        "assign_at_resource",
        "role",
        lambda r, id_: (
            "PUT",
            "/permissions/holders",
            _own_channel(r) | {"subject": f"user:{r.owner.id}", "role_id": id_},
        ),
    ),
    Write(
        "unassign_at_resource",
        "role",
        lambda r, id_: (
            "DELETE",
            "/permissions/holders",
            _own_channel(r) | {"subject": f"user:{r.owner.id}", "role_id": id_},
        ),
    ),
    *(
        Write(
            operation,
            "server",
            lambda r, id_, method=method: (  # type: ignore[misc]
                method,
                "/permissions/holders",
                _own_channel(r) | {"subject": f"everyone:server:{id_}", "role_id": r.role},
            ),
            "everyone",
        )
        for operation, method in (("assign_at_resource", "PUT"), ("unassign_at_resource", "DELETE"))
    ),
    *(
        Write(
            operation,
            kind,
            lambda r, id_, method=method, kind=kind: (  # type: ignore[misc]
                method,
                "/permissions/holders",
                _at(kind, id_) | {"subject": f"user:{r.owner.id}", "role_id": r.role},
            ),
        )
        for operation, method in (("assign_at_resource", "PUT"), ("unassign_at_resource", "DELETE"))
        for kind in NODES
    ),
    *(
        Write(
            operation,
            "role",
            lambda r, id_, method=method: (  # type: ignore[misc]
                method,
                "/permissions/overwrites",
                _own_channel(r) | {"target": f"role:{id_}"},
            ),
        )
        for operation, method in (
            ("overwrite_at_resource", "PUT"),
            ("clear_at_resource", "DELETE"),
        )
    ),
    *(
        Write(
            operation,
            kind,
            lambda r, id_, method=method, kind=kind: (  # type: ignore[misc]
                method,
                "/permissions/overwrites",
                _at(kind, id_) | {"target": f"role:{r.role}"},
            ),
        )
        for operation, method in (
            ("overwrite_at_resource", "PUT"),
            ("clear_at_resource", "DELETE"),
        )
        for kind in NODES
    ),
    *(
        Write(
            "ask_for_access",
            kind,
            lambda r, id_, kind=kind: (  # type: ignore[misc]
                "POST",
                "/access-requests",
                _at(kind, id_) | {"permission": PIN, "reason": "wanted"},
            ),
        )
        for kind in NODES
    ),
    Write(
        "view_as_roles",
        "role",
        lambda r, id_: (
            "POST",
            "/permissions/as-roles",
            {"role_ids": [id_], "places": [_own_channel(r)]},
        ),
    ),
    *(
        Write(
            "view_as_roles",
            kind,
            lambda r, id_, kind=kind: (  # type: ignore[misc]
                "POST",
                "/permissions/as-roles",
                {"role_ids": [r.role], "places": [_at(kind, id_)]},
            ),
        )
        for kind in NODES
    ),
    *(
        _whats(act, "role", role_id="ID", **more)
        for act, more in {
            "role.grant": {"permissions": [PIN]},
            "role.revoke": {"permissions": [PIN]},
            "role.grant_group": {"group_id": "GROUP"},
            "role.revoke_group": {"group_id": "GROUP"},
            "role.update": {"active": False},
            "role.add_parent": {"parent_id": "OWN_ROLE"},
            "role.remove_parent": {"parent_id": "OWN_ROLE"},
            "role.delete": {},
            "role.assign": {"subject": "user:1"},
            "role.unassign": {"subject": "user:1"},
        }.items()
    ),
    _whats("role.update", "role", role_id="OWN_ROLE", parent_id="ID"),
    _whats("role.add_parent", "role", role_id="OWN_ROLE", parent_id="ID"),
    _whats("role.remove_parent", "role", role_id="OWN_ROLE", parent_id="ID"),
    *(
        _whats(act, "role", role_id="ID", subject="user:1", **OVERWRITES)
        for act in ("role.assign", "role.unassign")
    ),
    *(
        _whats(act, "server", role_id="OWN_ROLE", subject="everyone:server:ID", **OVERWRITES)
        for act in ("role.assign", "role.unassign")
    ),
    *(
        _whats(act, kind, scope=kind, scope_id="ID", **more)
        for kind in NODES
        for act, more in {
            "role.grant": PINS,
            "role.revoke": PINS,
            "role.grant_group": {"role_id": "OWN_ROLE", "group_id": "GROUP"},
            "role.revoke_group": {"role_id": "OWN_ROLE", "group_id": "GROUP"},
            "role.assign": {"role_id": "OWN_ROLE", "subject": "user:1"},
            "role.unassign": {"role_id": "OWN_ROLE", "subject": "user:1"},
            "overwrite.set": {"target": "role:1", "allow": [PIN]},
            "overwrite.clear": {"target": "role:1"},
        }.items()
    ),
    *(
        _whats(act, "category", scope="category", scope_id="ID", target="role:1")
        for act in ("overwrite.set", "overwrite.clear")
    ),
    *(
        _whats(act, "role", target="role:ID", **OVERWRITES)
        for act in ("overwrite.set", "overwrite.clear")
    ),
    *(
        _whats(act, "server", scope="server", scope_id="ID", subject="user:1", **more)
        for act, more in {"member.timeout": {"until": None}, "member.remove": {}}.items()
    ),
]


# "Is no category of the server", "no grant": they look for nothing elsewhere.
BY_ANOTHER_RULE = {
    "create_channel category",
    "move_channel category",
    "remove_role_parent role",
    "try_act role.remove_parent parent_id role",
    *(f"{one} {kind}" for one in ("remove_grant", "remove_group_grant") for kind in NODES),
}


@pytest.mark.parametrize("write", WRITES, ids=[one.called for one in WRITES])
def test_a_write_that_names_what_is_hidden_is_answered_as_for_what_is_not_there(
    client: FlaskClient, world: World, realms: Realms, write: Write
) -> None:
    before = world.snapshot()
    who: Person = getattr(realms, write.who)

    def answered(id_: int) -> tuple[int, dict[str, Any]]:
        method, path, body = write.send(realms, id_)
        by = "query_string" if method == "DELETE" and body is not None else "json"
        options: dict[str, Any] = {by: body}
        answer = client.open(API + path, method=method, headers=who.headers, **options)
        return shown(answer, id_)

    status, said = answered(NOWHERE)
    assert ("ID" in str(said.get("errors")) and status == 404) or write.called in BY_ANOTHER_RULE
    for called, id_ in realms.hidden[write.kind].items():
        assert answered(id_) == (status, said), called
    assert world.snapshot() == before


def test_a_write_says_what_is_wrong_with_what_its_actor_sees(
    client: FlaskClient, world: World, realms: Realms
) -> None:
    elsewhere = world.server()
    world.member(elsewhere, realms.owner)
    other, place = world.role(elsewhere), _own_channel(realms)
    for method, path, body, field in (
        ("PATCH", f"/roles/{realms.role}", {"parent_id": other}, "parent_id"),
        ("PUT", f"/roles/{realms.role}/grants/{PIN}", _at("server", elsewhere.id), "scope_id"),
        ("PUT", "/permissions/holders", place | {"subject": "public", "role_id": other}, "at"),
        ("PUT", "/permissions/overwrites", place | {"target": f"role:{other}"}, "role_id"),
    ):
        answer = client.open(API + path, method=method, headers=realms.owner.headers, json=body)
        assert answer.status_code == 422, answer.text
        assert list(answer.get_json()["errors"]) == [field]


def test_code_with_an_actor_and_the_terminal_are_answered_alike(
    app: Flask, world: World, realms: Realms
) -> None:
    """The errors that the platform raises for an actor of the application's own code."""
    hidden, own = realms.hidden, realms.own
    at = ("channel", own.channel_id)

    def raised(write: Callable[..., Any], *given: Any, **more: Any) -> Any:
        with app.app_context():
            try:
                write(*given, actor_id=realms.owner.id, **more)
            except PlatformError as error:
                return type(error), getattr(error, "kind", ""), getattr(error, "errors", "")
            finally:
                db.session.rollback()
        return None

    for write, kind in (
        (lambda id_, **by: permissions.update_role(realms.role, parent=id_, **by), "role"),
        (lambda id_, **by: permissions.register_role("new", own.id, id_, **by), "role"),
        (lambda id_, **by: permissions.register_role("new", id_, **by), "server"),
        (lambda id_, **by: permissions.assign(realms.owner.id, id_, at, **by), "role"),
        (lambda id_, **by: permissions.assign_roles_to_user(realms.owner.id, [id_], **by), "role"),
        (
            lambda id_, **by: permissions.revoke_roles_from_user(realms.owner.id, [id_], **by),
            "role",
        ),
        (
            lambda id_, **by: permissions.assign(Everyone("server", id_), realms.role, at, **by),
            "server",
        ),
        (lambda id_, **by: permissions.delete_role(id_, **by), "role"),
        (
            lambda id_, **by: permissions.assign_permissions_to_role(
                realms.role, [PIN], "channel", id_, **by
            ),
            "channel",
        ),
        (
            lambda id_, **by: permissions.set_overwrite(at=at, role_id=id_, allow=[PIN], **by),
            "role",
        ),
        (
            lambda id_, **by: permissions.set_overwrite(
                at=("channel", id_), role_id=realms.role, allow=[PIN], **by
            ),
            "channel",
        ),
        (
            lambda id_, **by: permissions.what_if.try_act(
                {"act": "role.add_parent", "role_id": realms.role, "parent_id": id_}, **by
            ),
            "role",
        ),
    ):
        kinds = {**hidden, "none": {"nothing": NOWHERE}}
        expected = raised(write, NOWHERE)
        assert expected[0] is UnknownResource, expected
        for id_ in kinds[kind].values():
            found = raised(write, id_)
            texts = {
                field: [t.replace(str(id_), str(NOWHERE)) for t in said]
                for field, said in found[2].items()
            }
            assert (*found[:2], texts) == expected


TEAMS = {"nest_team", "take_team_out"}  # not hidden from anybody who may do it
QUESTIONS = {"check_permission", "check_users", "explain"}  # see ``test_visibility``
NAMES = {"parent_id", "role_id", "role_ids", "scope_id", "subject", "target", "act", "category_id"}
LATER = {"parent_id", "target_id", "category_id", "role_id", "channel_id"}


def test_every_write_that_names_more_than_its_address_is_tried(app: Flask) -> None:
    with app.app_context():
        spec = app.extensions["yoto.openapi"].spec.to_dict()
    schemas = spec["components"]["schemas"]

    def fields(operation: dict[str, Any]) -> set[str]:
        found = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}
        for body in operation.get("requestBody", {}).get("content", {}).values():
            schema = body["schema"]
            if "$ref" in schema:
                schema = schemas[schema["$ref"].rpartition("/")[2]]
            found |= set(schema.get("properties", ()))
        return found

    naming = set()
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            if method in ("post", "put", "patch", "delete"):
                arguments = [part[1:-1] for part in path.split("/") if part.startswith("{")]
                if fields(operation) & NAMES or set(arguments[1:]) & LATER:
                    naming.add(operation["operationId"])
    assert naming == {one.operation for one in WRITES} | TEAMS | QUESTIONS
