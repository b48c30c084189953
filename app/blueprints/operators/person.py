"""Routes of ``/control/api/people`` that need accounts, devices and members of the application.

What is done there to a member takes what it takes in the application's own API, beside
``platform.admin``: the same rights of the operator's account, and the same hierarchy.
"""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from sqlalchemy import select

from app.blueprints.devices import DeviceSchema, devices_of
from app.blueprints.operators import account_list
from app.blueprints.operators.account_list import SignIns
from app.blueprints.rights import demand
from app.blueprints.roles import holders
from app.blueprints.roles.access import ASSIGN, GLOBAL_ROLES, demand_role_right
from app.blueprints.servers.members import moderation
from app.extensions import permissions
from app.models import Member, Server
from yoto.api.permissions.checks.asking import Question
from yoto.api.rows import existing
from yoto.auth.operators import NOT_GRANTED, may
from yoto.errors import PermissionDenied
from yoto.http.control_api import ADMIN, VIEW, ActSchema, ControlBlueprint, actor_id, right
from yoto.http.fields import Flag, Instant, RowId
from yoto.http.paging import PAGE_MAX
from yoto.http.shapes import schema_of
from yoto.nodes import GLOBAL_KIND
from yoto.operate.insight import demand_operators_insight
from yoto.store.db import db
from yoto.store.models import Role, ScopeType

TIME_OUT = "member.timeout"

person_control = ControlBlueprint(
    "person_control", __name__, "/people", "What the application knows of somebody, and acts on it"
)

role_control = ControlBlueprint(
    "role_control", __name__, "/roles", "What operators could do with a role"
)


class AccountSchema(schema_of(SignIns)):  # type: ignore[misc]
    """With what somebody gets in, and what the operator could do to them."""

    devices = ma.fields.List(ma.fields.Nested(DeviceSchema), required=True)
    time_out_in = ma.fields.List(
        ma.fields.Integer(),
        required=True,
        metadata={"description": "Servers in which you could time them out now"},
    )
    take_roles_in = ma.fields.List(
        ma.fields.Integer(),
        required=True,
        metadata={"description": "Servers whose roles you may take from people"},
    )
    take_global_roles = Flag(required=True)


class TakeRoleSchema(ActSchema):
    """A role to take from somebody."""

    role_id = RowId(required=True)


class GiveRoleSchema(TakeRoleSchema):
    """A role for somebody, and until when; null: for good. One that is held gets this window."""

    valid_until = Instant(load_default=None, allow_none=True)


class RoleActsSchema(ma.Schema):
    """The acts that the operator could do with a role."""

    assign = Flag(required=True, metadata={"description": "Give it to people, and take it"})


class EndTimeOutSchema(ActSchema):
    """Where a time-out shall end."""

    server_id = RowId(required=True)


class TimeOutSchema(EndTimeOutSchema):
    """Where somebody shall only read, and until when; at most 28 days ahead."""

    until = Instant(required=True)


@person_control.get("/<int:user_id>/account")
@right(VIEW)
@person_control.response(200, AccountSchema)
@person_control.alt_response(404, "NOT_FOUND")
def read_account(user_id: int) -> dict[str, Any]:
    """Sessions, API tokens and devices of somebody

    Beyond `platform.view` it takes `admin.audit`, but for one's own.
    """
    if user_id != actor_id():
        demand_operators_insight([Question("", GLOBAL_KIND, None)])
    known = {**account_list.one(user_id), "devices": devices_of(user_id)}
    return known | _acts_on(user_id)


@role_control.get("/<int:role_id>/acts")
@right(VIEW)
@role_control.response(200, RoleActsSchema)
@role_control.alt_response(404, "NOT_FOUND")
def read_acts_on_role(role_id: int) -> dict[str, bool]:
    """What you could do with a role, so that a page offers nothing else"""
    if not may(ADMIN):
        return {"assign": False}
    try:
        _assigner(role_id)
    except PermissionDenied:
        return {"assign": False}
    role = existing(Role, role_id)
    return {"assign": not role.is_default and role.access_request_id is None}


@person_control.post("/<int:user_id>/give-role")
@right(ADMIN)
@person_control.arguments(GiveRoleSchema)
@person_control.response(204)
@person_control.alt_response(404, "NOT_FOUND")
@person_control.alt_response(409, "CONFLICT")
def give_role_to_person(body: dict[str, Any], user_id: int) -> None:
    """Give somebody a role, by `role.assign` in its server; a global one by `admin.roles`"""
    actor = _assigner(body["role_id"])
    holders.assign_role(actor, body["role_id"], user_id, None, body["valid_until"], body["reason"])


@person_control.post("/<int:user_id>/take-role")
@right(ADMIN)
@person_control.arguments(TakeRoleSchema)
@person_control.response(204)
@person_control.alt_response(404, "NOT_FOUND")
@person_control.alt_response(409, "CONFLICT")
def take_role_of_person(body: dict[str, Any], user_id: int) -> None:
    """Take a role from somebody, by `role.assign` in its server; a global one by `admin.roles`"""
    actor = _assigner(body["role_id"])
    holders.take_role(actor, body["role_id"], user_id, body["reason"])


@person_control.post("/<int:user_id>/time-out")
@right(ADMIN)
@person_control.arguments(TimeOutSchema)
@person_control.response(204)
@person_control.alt_response(404, "NOT_FOUND")
def time_out_person(body: dict[str, Any], user_id: int) -> None:
    """Let a member only read; it takes `member.timeout` in the server, and standing above them"""
    actor = _moderator(body["server_id"])
    moderation.set_timeout(body["server_id"], user_id, actor, body["until"], body["reason"])


@person_control.post("/<int:user_id>/end-time-out")
@right(ADMIN)
@person_control.arguments(EndTimeOutSchema)
@person_control.response(204)
@person_control.alt_response(404, "NOT_FOUND")
def end_time_out_of_person(body: dict[str, Any], user_id: int) -> None:
    """End the time-out of a member; takes what it takes to set one"""
    actor = _moderator(body["server_id"])
    moderation.end_timeout(body["server_id"], user_id, actor, body["reason"])


def _acts_on(user_id: int) -> dict[str, Any]:
    """The acts that the operator could do to somebody here, so that a page offers nothing else."""
    actor = actor_id()
    if actor is None or not may(ADMIN):
        return {"time_out_in": [], "take_roles_in": [], "take_global_roles": False}
    joined = (
        select(Member.server_id, Server.owner_id)
        .join(Server, Server.id == Member.server_id)
        .where(Member.user_id == user_id, Member.banned.is_(False))
        .order_by(Member.server_id)
        .limit(PAGE_MAX)
    )
    owners = {server_id: owner_id for server_id, owner_id in db.session.execute(joined)}
    kind = ScopeType.SERVER.value
    asked = [(name, kind, id_) for name in (TIME_OUT, ASSIGN) for id_ in owners]
    found = permissions.check_many(actor, [*asked, (GLOBAL_ROLES, ScopeType.GLOBAL.value, None)])
    held = {one for one, allowed in zip(asked, found, strict=False) if allowed}
    return {
        "time_out_in": [
            id_
            for id_, owner in owners.items()
            if (TIME_OUT, kind, id_) in held
            and owner != user_id
            and permissions.outranks(actor, user_id, (kind, id_))
        ],
        "take_roles_in": [id_ for id_ in owners if (ASSIGN, kind, id_) in held],
        "take_global_roles": found[-1],
    }


def _moderator(server_id: int) -> int:
    actor = _actor(TIME_OUT)
    demand(actor, TIME_OUT, ScopeType.SERVER, server_id)
    return actor


def _assigner(role_id: int) -> int:
    """The operator's account, which may give and take that role."""
    actor = _actor(ASSIGN)
    demand_role_right(actor, role_id, ASSIGN)
    return actor


def _actor(permission: str) -> int:
    """The operator's account: the community knows no act of nobody's.

    Raises:
        PermissionDenied: there is none behind the break-glass token.
    """
    found = actor_id()
    if found is None:
        raise PermissionDenied(NOT_GRANTED, permission)
    return found
