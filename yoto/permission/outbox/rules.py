"""Rules, table by table, for the tags that a changed row makes dirty.

A rule sees a row as column name to value, as it was or as it is now. The rules follow from the rows
that ``loading`` reads. A new node touches nothing, because a place that does not exist is never
cached; a new role has no holders yet.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from sqlalchemy import Column, ColumnElement, FromClause, Table
from sqlalchemy.sql import visitors

from yoto import cache
from yoto.nodes import APPLICATIONS, node_held_at, parse_text, text_of
from yoto.permission.outbox.dirty_tags import DirtyTags, Home
from yoto.store.columns import Model
from yoto.store.declarations import Declaration
from yoto.store.models import (
    ROTATED,
    ApiToken,
    ChannelOverwrite,
    EmergencyAccess,
    KnownPerson,
    Permission,
    PermissionGroup,
    PermissionGroupMember,
    PlatformSwitch,
    ProgramAccount,
    Resource,
    RevokedToken,
    Role,
    RoleAssignment,
    RoleGrant,
    RoleGroupGrant,
    RoleParent,
    RolesAsked,
    Team,
    TeamMember,
    TeamParent,
    User,
)
from yoto.store.people import USERS
from yoto.store.resources import ResourceType, ResourceTypes, known_types

Row: TypeAlias = Mapping[str, Any]


class Act(enum.Enum):
    """The kind of change to a row."""

    INSERT = enum.auto()
    UPDATE = enum.auto()
    DELETE = enum.auto()


@dataclass(frozen=True, slots=True)
class Rule:
    """The tags that rows of a table touch.

    Attributes:
        columns: an update of other columns makes nothing dirty.
        keys: the columns whose values ``mark_dirty`` needs; an unknown one makes all dirty.
        mark_dirty: adds the tags of a row.
        optional: keys that may be NULL.
    """

    columns: frozenset[str]
    keys: tuple[str, ...]
    mark_dirty: Callable[[DirtyTags, Act, Row], None]
    optional: frozenset[str] = frozenset()

    def apply(self, dirty: DirtyTags, act: Act, row: Row) -> None:
        """Add the tags of ``row``."""
        for key in self.keys:
            if row.get(key) is None and key not in self.optional:
                dirty.everything()
                return
        self.mark_dirty(dirty, act, row)


def _user(dirty: DirtyTags, act: Act, row: Row) -> None:
    if row.get("id") is not None:
        dirty.user(row["id"])
    elif row.get("super_admin"):
        dirty.everything()


def _revoked_token(dirty: DirtyTags, act: Act, row: Row) -> None:
    # The account's entry holds it, and sockets live longer than the request that opened them. A
    # deleted row has run out.
    if act is not Act.DELETE and row["reason"] != ROTATED:
        dirty.user(row["user_id"])


def _api_token(dirty: DirtyTags, act: Act, row: Row) -> None:
    # No cached entry is wrong, but sockets live on; a new one has opened nothing yet.
    if act is not Act.INSERT:
        dirty.user(row["user_id"])


def _assignment(dirty: DirtyTags, act: Act, row: Row) -> None:
    if row.get("user_id") is not None:
        dirty.user(row["user_id"], Home(role_id=row["role_id"]))
    elif row.get("team_id") is not None:
        dirty.add(cache.tags.team(row["team_id"]))
    else:
        # For everyone, only the node at which it is held, or whose members they are, is affected.
        home = str(row.get("subject") or "").removeprefix("everyone:")
        text = node_held_at(row.get("node") or home)
        if parse_text(text) is None:
            dirty.everything()
        else:
            dirty.add(text)


def _team(dirty: DirtyTags, act: Act, row: Row) -> None:
    if act is not Act.INSERT:
        dirty.add(cache.tags.team(row["id"]))
    if act is Act.DELETE:
        dirty.row(Team.__table__, row["id"])


def _team_member(dirty: DirtyTags, act: Act, row: Row) -> None:
    dirty.user(row["user_id"])


def _team_parent(dirty: DirtyTags, act: Act, row: Row) -> None:
    dirty.add(cache.tags.team(row["team_id"]))


def _program(dirty: DirtyTags, act: Act, row: Row) -> None:
    if act is not Act.INSERT:
        dirty.user(APPLICATIONS + row["id"])


def _role(dirty: DirtyTags, act: Act, row: Row) -> None:
    if act is not Act.INSERT:
        dirty.add(cache.tags.role(row["id"]))
    if act is Act.DELETE:
        dirty.row(Role.__table__, row["id"])
    if row.get("is_default") and row.get("home"):
        dirty.add(row["home"])


def _grant(dirty: DirtyTags, act: Act, row: Row) -> None:
    dirty.add(cache.tags.role(row["role_id"]))


def _group_member(dirty: DirtyTags, act: Act, row: Row) -> None:
    dirty.groups.add(row["group_id"])


def _group(dirty: DirtyTags, act: Act, row: Row) -> None:
    # The database has taken the group from its roles before they could be read.
    if act is Act.DELETE:
        dirty.everything()
        dirty.row(PermissionGroup.__table__, row["id"])


def _overwrite(dirty: DirtyTags, act: Act, row: Row) -> None:
    dirty.add(row["place"])


def _resource(dirty: DirtyTags, act: Act, row: Row) -> None:
    if act is not Act.INSERT:
        declared = known_types().find(row["type"])
        # Without the declaration the type of another row of that id is unknown.
        ids = _RESOURCE_IDS if declared is None else declared.id
        dirty.node(row["type"], row["id"], ids if act is Act.DELETE else None)


# All types' ids.
_RESOURCE_IDS: ColumnElement[Any] = Resource.__table__.c.id


def _policy(dirty: DirtyTags, act: Act, row: Row) -> None:
    dirty.add(cache.tags.POLICY)


def _permission(dirty: DirtyTags, act: Act, row: Row) -> None:
    dirty.everything()


_GRANT = frozenset({"role_id", "scope_key", "effect"})

# By the platform's names; those of an application's own tables count where it declared them.
_RULES: dict[str, Rule] = {
    User.__tablename__: Rule(
        frozenset({"disabled", "super_admin", "clearance", "token_epoch"}),
        ("id", "super_admin"),
        _user,
        # Bulk inserts do not return the ids. A new account that is no super-admin has no rights
        # until another row about it is written.
        optional=frozenset({"id", "super_admin"}),
    ),
    KnownPerson.__tablename__: Rule(
        frozenset({"present", "disabled", "super_admin", "epoch", "asked_at"}), ("id",), _user
    ),
    # A holder's roles are written with it, and their writer publishes the tags.
    RolesAsked.__tablename__: Rule(frozenset({"asked_at"}), ("id",), _user),
    RevokedToken.__tablename__: Rule(
        frozenset({"token_key", "user_id", "reason", "expires_at"}),
        ("user_id", "reason"),
        _revoked_token,
    ),
    ApiToken.__tablename__: Rule(frozenset({"revoked_at"}), ("user_id",), _api_token),
    # An assignment's attributes for policies, and the name of a role, are part of ``input.via``.
    RoleAssignment.__tablename__: Rule(
        frozenset(
            {"user_id", "team_id", "subject", "role_id", "node", "attributes"}
            | {"valid_from", "valid_until"}
        ),
        ("user_id", "team_id", "subject", "role_id", "node"),
        _assignment,
        optional=frozenset({"user_id", "team_id", "subject", "node"}),
    ),
    Role.__tablename__: Rule(
        frozenset({"home", "parent_id", "active", "is_default", "name"}),
        ("id", "home", "is_default"),
        _role,
        optional=frozenset({"id", "home", "is_default"}),
    ),
    RoleParent.__tablename__: Rule(frozenset({"role_id", "parent_id"}), ("role_id",), _grant),
    Team.__tablename__: Rule(frozenset(), ("id",), _team, optional=frozenset({"id"})),
    TeamMember.__tablename__: Rule(
        frozenset({"team_id", "user_id", "valid_from", "valid_until"}), ("user_id",), _team_member
    ),
    TeamParent.__tablename__: Rule(frozenset({"team_id", "parent_id"}), ("team_id",), _team_parent),
    ProgramAccount.__tablename__: Rule(
        frozenset({"disabled"}), ("id",), _program, optional=frozenset({"id"})
    ),
    Resource.__tablename__: Rule(
        frozenset(column.key for column in Resource.__table__.c), ("type", "id"), _resource
    ),
    RoleGrant.__tablename__: Rule(_GRANT | {"permission_id"}, ("role_id",), _grant),
    RoleGroupGrant.__tablename__: Rule(_GRANT | {"group_id"}, ("role_id",), _grant),
    PermissionGroupMember.__tablename__: Rule(
        frozenset({"group_id", "permission_id"}), ("group_id",), _group_member
    ),
    PermissionGroup.__tablename__: Rule(frozenset(), ("id",), _group, optional=frozenset({"id"})),
    ChannelOverwrite.__tablename__: Rule(
        frozenset(column.key for column in ChannelOverwrite.__table__.c if column.key != "id"),
        ("place",),
        _overwrite,
    ),
    PlatformSwitch.__tablename__: Rule(frozenset({"enabled"}), (), _policy),
    EmergencyAccess.__tablename__: Rule(frozenset({"until", "ended_at"}), (), _policy),
    Permission.__tablename__: Rule(
        frozenset({"name", "bit", "scope", "abac", "on_policy_error", "requires_approvals"}),
        (),
        _permission,
    ),
}

# Rules of the tables that applications have declared; others of the same name are left alone.
_DECLARED: WeakKeyDictionary[FromClause, Rule] = WeakKeyDictionary()


def rule_of(table: FromClause) -> Rule | None:
    """The rule for a change of ``table``; None: it makes no tag dirty."""
    if isinstance(table, Table) and table.metadata is Model.metadata:
        return _RULES.get(table.name)
    return _DECLARED.get(table)


def ruled_names() -> frozenset[str]:
    """The names of all tables that have a rule."""
    declared = {table.name for table in _DECLARED if isinstance(table, Table)}
    own = {name for name in _RULES if name in Model.metadata.tables}
    return frozenset(own | declared)


def watch_declared(tables: Mapping[str, Declaration], types: ResourceTypes) -> None:
    """Add rules for an application's declarations.

    They are people, by the platform's name of the table, and types of resources with their members.
    """
    people = tables.get(USERS)
    if people is not None:
        _DECLARED[people.table] = _people_elsewhere(_RULES[USERS], people)
    for declared in types:
        if declared.registered:
            continue
        _DECLARED[declared.table] = _nodes_elsewhere(declared)
        if declared.members is not None:
            _DECLARED[declared.members.table] = _members_elsewhere(declared, people)


def watch_policies(table: FromClause) -> None:
    """Have each new row of ``table``, which is the platform's, say that policies changed."""
    assert isinstance(table, Table)
    _RULES[table.name] = Rule(frozenset(), (), _policy)


def _nodes_elsewhere(declared: ResourceType) -> Rule:
    """A new node touches nothing: a place that does not exist is never cached."""
    expressions: list[Any] = [parent.column for parent in declared.parents]
    expressions += [] if declared.owner is None else [declared.owner]
    expressions += [] if declared.sync is None else [declared.sync.id]
    expressions += declared.attributes.values()
    key, name = declared.key, declared.name

    def mark_dirty(dirty: DirtyTags, act: Act, row: Row) -> None:
        if act is Act.INSERT:
            return
        if row.get(key) is None:
            dirty.everything()
        else:
            dirty.node(name, row[key], declared.id if act is Act.DELETE else None)

    columns = _columns(declared.table, expressions)
    return Rule(columns, (key,), mark_dirty, optional=frozenset({key}))


def _members_elsewhere(declared: ResourceType, people: Declaration | None) -> Rule:
    members = declared.members
    assert members is not None
    expressions = [members.node, members.person, members.banned, members.timeout_until]
    node, person, name = str(members.node.key), str(members.person.key), declared.name
    numbers = None if people is None else people.numbers

    def mark_dirty(dirty: DirtyTags, act: Act, row: Row) -> None:
        home = text_of(name, row[node])
        if numbers is not None:
            dirty.key(numbers, row[person])
        else:
            dirty.user(row[person], Home(home))

    columns = _columns(members.table, [one for one in expressions if one is not None])
    return Rule(columns, (person, node), mark_dirty)


def _columns(table: FromClause, expressions: Iterable[Any]) -> frozenset[str]:
    """The columns of a table that expressions are made of."""
    found = (one for expression in expressions for one in visitors.iterate(expression))
    return frozenset(
        str(one.key) for one in found if isinstance(one, Column) and one.table is table
    )


def _people_elsewhere(rule: Rule, declaration: Declaration) -> Rule:
    """The rule of people, for a table whose columns or ids may be others."""
    columns, keys = set(rule.columns), set(rule.keys)
    ids, numbers = declaration.ids, declaration.numbers
    if ids is None:
        ids = declaration.columns["id"]
    else:
        columns = {one for column in columns for one in declaration.behind(column)}
        keys = {str(ids.key)}
    id_ = str(ids.key)

    def mark_dirty(dirty: DirtyTags, act: Act, row: Row) -> None:
        gone = ids if act is Act.DELETE else None
        if row.get(id_) is None:
            # Bulk inserts do not return the ids.
            if act is not Act.INSERT or row.get("super_admin"):
                dirty.everything()
        elif numbers is not None:
            if act is Act.INSERT:
                dirty.newcomer(numbers, row[id_])
            else:
                dirty.key(numbers, row[id_], gone)
        elif gone is not None:
            dirty.person(row[id_], gone)
        else:
            dirty.user(row[id_])

    return Rule(frozenset(columns), tuple(sorted(keys)), mark_dirty, optional=frozenset(keys))
