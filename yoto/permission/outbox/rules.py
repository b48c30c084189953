"""Which subjects a changed row touches, table by table.

A rule sees a row as column name to value, as it was or as it is now. What makes an entry of the
cache wrong is worked out from what ``single`` reads: a new channel, category or server concerns
nobody, because a place that does not exist is never cached; a new role has no holders yet.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from sqlalchemy import FromClause, Table

from yoto import cache
from yoto.permission.outbox.touches import Home, Touches
from yoto.store.db import Model
from yoto.store.declarations import Declaration
from yoto.store.models import (
    ROTATED,
    ApiToken,
    Category,
    Channel,
    ChannelOverwrite,
    EmergencyAccess,
    KnownPerson,
    Member,
    Permission,
    PermissionGroup,
    PermissionGroupMember,
    PlatformSwitch,
    PolicyRevision,
    RevokedToken,
    Role,
    RoleAssignment,
    RoleGrant,
    RoleGroupGrant,
    Server,
    User,
)
from yoto.store.people import USERS

Row: TypeAlias = Mapping[str, Any]


class Act(enum.Enum):
    """What happened to a row."""

    INSERT = enum.auto()
    UPDATE = enum.auto()
    DELETE = enum.auto()


@dataclass(frozen=True, slots=True)
class Rule:
    """How a table touches subjects.

    Attributes:
        columns: an update of other columns touches nothing.
        keys: the columns whose values ``touch`` needs; one that is unknown touches everything.
        touch: adds what a row touches.
        optional: keys that may be NULL.
    """

    columns: frozenset[str]
    keys: tuple[str, ...]
    touch: Callable[[Touches, Act, Row], None]
    optional: frozenset[str] = frozenset()

    def apply(self, touches: Touches, act: Act, row: Row) -> None:
        """Add what ``row`` touches."""
        for key in self.keys:
            if row.get(key) is None and key not in self.optional:
                touches.everything()
                return
        self.touch(touches, act, row)


def _user(touches: Touches, act: Act, row: Row) -> None:
    if row.get("id") is not None:
        touches.user(row["id"])
    elif row.get("super_admin"):
        touches.everything()


def _revoked_token(touches: Touches, act: Act, row: Row) -> None:
    # The account's entry holds it, and sockets live longer than the request that opened them. What
    # is deleted has run out.
    if act is not Act.DELETE and row["reason"] != ROTATED:
        touches.user(row["user_id"])


def _api_token(touches: Touches, act: Act, row: Row) -> None:
    # Nothing cached is wrong, but sockets live on; a new one has opened nothing yet.
    if act is not Act.INSERT:
        touches.user(row["user_id"])


def _member(touches: Touches, act: Act, row: Row) -> None:
    touches.user(row["user_id"], Home(server_id=row["server_id"]))


def _assignment(touches: Touches, act: Act, row: Row) -> None:
    touches.user(row["user_id"], Home(role_id=row["role_id"]))


def _role(touches: Touches, act: Act, row: Row) -> None:
    if act is not Act.INSERT:
        touches.add(cache.subjects.role(row["id"]))
    if row.get("is_default") and row.get("server_id") is not None:
        touches.add(cache.subjects.server(row["server_id"]))


def _grant(touches: Touches, act: Act, row: Row) -> None:
    touches.add(cache.subjects.role(row["role_id"]))


def _group_member(touches: Touches, act: Act, row: Row) -> None:
    touches.groups.add(row["group_id"])


def _group(touches: Touches, act: Act, row: Row) -> None:
    # The database has taken the group from its roles by the time that somebody could ask which.
    if act is Act.DELETE:
        touches.everything()


def _overwrite(touches: Touches, act: Act, row: Row) -> None:
    if row.get("channel_id") is not None:
        touches.add(cache.subjects.channel(row["channel_id"]))
    elif row.get("category_id") is not None:
        touches.categories.add(row["category_id"])
    else:
        touches.everything()


def _channel(touches: Touches, act: Act, row: Row) -> None:
    if act is not Act.INSERT:
        touches.add(cache.subjects.channel(row["id"]))


def _category(touches: Touches, act: Act, row: Row) -> None:
    if act is not Act.INSERT:
        touches.add(cache.subjects.server(row["server_id"]))


def _server(touches: Touches, act: Act, row: Row) -> None:
    if act is not Act.INSERT:
        touches.add(cache.subjects.server(row["id"]))


def _policy(touches: Touches, act: Act, row: Row) -> None:
    touches.add(cache.subjects.POLICY)


def _permission(touches: Touches, act: Act, row: Row) -> None:
    touches.everything()


_GRANT = frozenset({"role_id", "server_id", "channel_id", "scope_key", "effect"})

# By the platform's names; those of an application's own tables count where it declared them.
_RULES: dict[str, Rule] = {
    User.__tablename__: Rule(
        frozenset({"disabled", "super_admin", "clearance", "token_epoch"}),
        ("id", "super_admin"),
        _user,
        # Bulk inserts do not tell the ids. A new account that is no super-admin may do nothing
        # until something else is written about it.
        optional=frozenset({"id", "super_admin"}),
    ),
    KnownPerson.__tablename__: Rule(
        frozenset({"present", "disabled", "super_admin", "epoch", "asked_at"}), ("id",), _user
    ),
    RevokedToken.__tablename__: Rule(
        frozenset({"token_key", "user_id", "reason", "expires_at"}),
        ("user_id", "reason"),
        _revoked_token,
    ),
    ApiToken.__tablename__: Rule(frozenset({"revoked_at"}), ("user_id",), _api_token),
    Member.__tablename__: Rule(
        frozenset({"server_id", "user_id", "banned", "timeout_until"}),
        ("user_id", "server_id"),
        _member,
    ),
    RoleAssignment.__tablename__: Rule(
        frozenset({"user_id", "role_id", "valid_from", "valid_until"}),
        ("user_id", "role_id"),
        _assignment,
    ),
    Role.__tablename__: Rule(
        frozenset({"server_id", "server_key", "parent_id", "active", "is_default"}),
        ("id", "server_id", "is_default"),
        _role,
        optional=frozenset({"id", "server_id", "is_default"}),
    ),
    RoleGrant.__tablename__: Rule(_GRANT | {"permission_id"}, ("role_id",), _grant),
    RoleGroupGrant.__tablename__: Rule(_GRANT | {"group_id"}, ("role_id",), _grant),
    PermissionGroupMember.__tablename__: Rule(
        frozenset({"group_id", "permission_id"}), ("group_id",), _group_member
    ),
    PermissionGroup.__tablename__: Rule(frozenset(), ("id",), _group, optional=frozenset({"id"})),
    ChannelOverwrite.__tablename__: Rule(
        frozenset(
            {
                "channel_id",
                "category_id",
                "role_id",
                "user_id",
                "overwrite_key",
                "permission_id",
                "effect",
            }
        ),
        ("channel_id", "category_id"),
        _overwrite,
        optional=frozenset({"channel_id", "category_id"}),
    ),
    Channel.__tablename__: Rule(
        frozenset({"server_id", "category_id", "synced", "sensitivity", "hours"}),
        ("id",),
        _channel,
        optional=frozenset({"id"}),
    ),
    Category.__tablename__: Rule(frozenset({"server_id"}), ("server_id",), _category),
    Server.__tablename__: Rule(
        frozenset({"owner_id", "time_zone", "access_hours", "blocked_networks", "device_required"}),
        ("id",),
        _server,
        optional=frozenset({"id"}),
    ),
    PolicyRevision.__tablename__: Rule(frozenset(), (), _policy),
    PlatformSwitch.__tablename__: Rule(frozenset({"enabled"}), (), _policy),
    EmergencyAccess.__tablename__: Rule(frozenset({"until", "ended_at"}), (), _policy),
    Permission.__tablename__: Rule(
        frozenset({"name", "bit", "scope", "abac", "on_policy_error"}), (), _permission
    ),
}

# Rules of the tables that applications have declared; others of the same name are left alone.
_DECLARED: WeakKeyDictionary[FromClause, Rule] = WeakKeyDictionary()


def rule_of(table: FromClause) -> Rule | None:
    """What a change of ``table`` touches; None: nothing."""
    if isinstance(table, Table) and table.metadata is Model.metadata:
        return _RULES.get(table.name)
    return _DECLARED.get(table)


def ruled_names() -> frozenset[str]:
    """The names of all tables that have a rule."""
    declared = {table.name for table in _DECLARED if isinstance(table, Table)}
    own = {name for name in _RULES if name in Model.metadata.tables}
    return frozenset(own | declared)


def watch_declared(tables: Mapping[str, Declaration]) -> None:
    """Have rules for what an application has declared, by the platform's name of each table."""
    for name, declaration in tables.items():
        rule = _RULES.get(name)
        if rule is not None:
            _DECLARED[declaration.table] = (
                _people_elsewhere(rule, declaration) if name == USERS else rule
            )


def _people_elsewhere(rule: Rule, declaration: Declaration) -> Rule:
    """The rule of people, for a table whose columns have other names, or ids other than numbers."""
    if declaration.ids is None:
        return rule
    columns: set[str] = set()
    for column in rule.columns:
        columns |= declaration.behind(column)
    id_, numbers = str(declaration.ids.key), declaration.numbers

    def touch(touches: Touches, act: Act, row: Row) -> None:
        if numbers is not None:
            # Nobody can have asked about somebody new.
            if act is not Act.INSERT:
                touches.key(numbers, row[id_])
        elif row.get(id_) is not None:
            touches.user(row[id_])

    return Rule(frozenset(columns), (id_,), touch, optional=frozenset({id_}))
