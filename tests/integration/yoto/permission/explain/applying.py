"""Doing to the tables what an explanation proposes, without the rules of the writes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, insert, update

from app.models import Member, User
from yoto.permission.explain.report import VerdictChange
from yoto.store.columns import utcnow
from yoto.store.db import db
from yoto.store.models import (
    NOWHERE,
    ChannelOverwrite,
    Effect,
    Role,
    RoleAssignment,
    RoleGrant,
    RoleGroupGrant,
)

Detail = Mapping[str, Any]


def apply_change(change: VerdictChange, ids: Mapping[str, int]) -> None:
    """Write the change in the session's transaction.

    Args:
        ids: the ids of permissions, by name.
    """
    APPLY[change.kind](change.detail, ids)


def _run(statement: Any) -> None:
    # An INSERT that returns its id, as PostgreSQL's, is otherwise not counted.
    counted = statement.execution_options(preserve_rowcount=True)
    assert db.session.connection().execute(counted).rowcount >= 1, "the change changed nothing"


def _remove_overwrite(detail: Detail, ids: Mapping[str, int]) -> None:
    table = ChannelOverwrite.__table__
    _run(
        delete(table).where(
            table.c.overwrite_key == f"{detail['place']}/{detail['target']}",
            table.c.permission_id == ids[detail["permission"]],
            table.c.effect == Effect(detail["effect"]),
        )
    )


def _set_overwrite(detail: Detail, ids: Mapping[str, int]) -> None:
    table = ChannelOverwrite.__table__
    key = f"{detail['place']}/{detail['target']}"
    target, target_id = detail["target"].split(":")
    permission_id = ids[detail["permission"]]
    db.session.connection().execute(
        delete(table).where(table.c.overwrite_key == key, table.c.permission_id == permission_id)
    )
    columns = {"role_id": None, "user_id": None, f"{target}_id": int(target_id)}
    _run(
        insert(table).values(
            place=detail["place"],
            **columns,
            permission_id=permission_id,
            effect=Effect(detail["effect"]),
        )
    )


def _set_window(detail: Detail, ids: Mapping[str, int]) -> None:
    table = RoleAssignment.__table__
    _run(
        update(table)
        .where(table.c.user_id == detail["user_id"], table.c.role_id == detail["role_id"])
        .values(valid_from=None, valid_until=None)
    )


def _member(detail: Detail, **columns: Any) -> None:
    table = Member.__table__
    _run(
        update(table)
        .where(table.c.user_id == detail["user_id"], table.c.server_id == detail["server_id"])
        .values(**columns)
    )


def _join(detail: Detail, ids: Mapping[str, int]) -> None:
    table = Member.__table__
    key = {"user_id": detail["user_id"], "server_id": detail["server_id"]}
    db.session.connection().execute(delete(table).filter_by(**key))
    _run(insert(table).values(**key))


def _leave(detail: Detail, ids: Mapping[str, int]) -> None:
    table = Member.__table__
    _run(delete(table).filter_by(user_id=detail["user_id"], server_id=detail["server_id"]))


def _assign(detail: Detail, ids: Mapping[str, int]) -> None:
    who = {"user_id": detail["user_id"], "role_id": detail["role_id"]}
    _run(insert(RoleAssignment.__table__).values(**who, node=detail.get("at", NOWHERE)))


def _unassign(detail: Detail, ids: Mapping[str, int]) -> None:
    who = {"user_id": detail["user_id"], "role_id": detail["role_id"]}
    _run(delete(RoleAssignment.__table__).filter_by(**who))


def _remove_grant(detail: Detail, ids: Mapping[str, int]) -> None:
    _run(
        delete(RoleGrant.__table__).filter_by(
            role_id=detail["role_id"],
            permission_id=ids[detail["permission"]],
            scope_key=detail["scope"],
            effect=Effect(detail["effect"]),
        )
    )


def _remove_group(detail: Detail, ids: Mapping[str, int]) -> None:
    _run(
        delete(RoleGroupGrant.__table__).filter_by(
            role_id=detail["role_id"],
            group_id=detail["group_id"],
            scope_key=detail["scope"],
            effect=Effect(detail["effect"]),
        )
    )


def _grant(detail: Detail, ids: Mapping[str, int]) -> None:
    table = RoleGrant.__table__
    permission_id = ids[detail["permission"]]
    key = {
        "role_id": detail["role_id"],
        "permission_id": permission_id,
        "scope_key": detail["scope"],
    }
    db.session.connection().execute(delete(table).filter_by(**key))
    _run(insert(table).values(**key, effect=Effect(detail["effect"])))


def _active(active: bool) -> Any:
    table = Role.__table__
    return lambda detail, ids: _run(
        update(table).where(table.c.id == detail["role_id"]).values(active=active)
    )


def _account(**columns: Any) -> Any:
    table = User.__table__
    return lambda detail, ids: _run(
        update(table).where(table.c.id == detail["user_id"]).values(**columns)
    )


APPLY = {
    "remove_overwrite": _remove_overwrite,
    "set_overwrite": _set_overwrite,
    "set_window": _set_window,
    "end_timeout": lambda detail, ids: _member(detail, timeout_until=None),
    "join_server": _join,
    "assign_role": _assign,
    "unassign_role": _unassign,
    "remove_grant": _remove_grant,
    "remove_group": _remove_group,
    "grant": _grant,
    "enable_role": _active(True),
    "disable_role": _active(False),
    "start_timeout": lambda detail, ids: _member(
        # Ahead of the clocks of tests, which stand still at some moment of the near future.
        detail,
        timeout_until=utcnow() + timedelta(days=3650),
    ),
    "leave_server": _leave,
    "enable_account": _account(disabled=False),
    "revoke_super_admin": _account(super_admin=False),
    "disable_account": _account(disabled=True),
}
