"""The dirty tags of one transaction, collected row by row and settled at its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Table

from yoto import cache
from yoto.cache import NodeId

# Users of one transaction that get an event each; more become one event of their server.
MAX_USERS = 64
# People of one transaction that get a number with it.
MAX_NEWCOMERS = 10_000
# Roles that have a changed group in common; more become one event of everything.
MAX_ROLES = 64
# Ids in one IN list.
CHUNK = 500

Id = TypeVar("Id")


class Home(NamedTuple):
    """The reach of a change about a user: a node, the home of a role; neither: everywhere."""

    node: str | None = None
    role_id: int | None = None


class Found(NamedTuple):
    """Rows looked up to settle dirty tags; ids that were not found are missing.

    Attributes:
        role_homes: home of each role, empty for a global role.
        group_roles: roles that each group is granted to.
    """

    role_homes: Mapping[int, str]
    group_roles: Mapping[int, frozenset[int]]


class DirtyTags:
    """Collects; truthy once something is dirty.

    Attributes:
        groups: ids that ``settled`` needs to have looked up.
        gone: deleted nodes, as texts, by the column of their ids and the id.
        gone_people: deleted people, as numbers, by the same.
        gone_rows: ids of rows of the platform's own that are being deleted, by table.
        keys: people with ids that are no numbers, with the table of their numbers; for deleted
            ones with the column of their ids.
        newcomers: inserted people with such ids, by the same table.
    """

    def __init__(self) -> None:
        self._subjects: dict[str, None] = {}
        self._users: dict[int, set[Home]] = {}
        self.groups: set[int] = set()
        self.gone: dict[ColumnElement[Any], dict[Any, str]] = {}
        self.gone_people: dict[ColumnElement[Any], dict[Any, int]] = {}
        self.gone_rows: dict[Table, set[int]] = {}
        self.keys: dict[Table, dict[Any, ColumnElement[Any] | None]] = {}
        self.newcomers: dict[Table, set[Any]] = {}

    def add(self, *tags: str) -> None:
        """Touch subjects by name."""
        self._subjects.update(dict.fromkeys(tags))

    def everything(self) -> None:
        """Touch everything, because the change is unknown."""
        self.add(cache.tags.GLOBAL)

    def node(self, type_name: str, node_id: NodeId, gone: ColumnElement[Any] | None = None) -> None:
        """Touch a node, and all that is below it.

        Args:
            gone: the column of the ids, if the node was deleted.
        """
        text = cache.tags.node(type_name, node_id)
        self.add(text)
        if gone is not None:
            self.gone.setdefault(gone, {})[node_id] = text

    def person(self, number: int, gone: ColumnElement[Any], id_: Any = None) -> None:
        """Touch the permissions of a deleted person.

        Args:
            gone: the column of the ids.
            id_: the person's id; by default the number.
        """
        self.user(number)
        self.gone_people.setdefault(gone, {})[number if id_ is None else id_] = number

    def row(self, table: Table, row_id: int) -> None:
        """Remember a platform row that is being deleted, with the rows that name it."""
        self.gone_rows.setdefault(table, set()).add(row_id)

    def user(self, user_id: int, home: Home = Home()) -> None:
        """Touch one user's permissions within ``home``."""
        self._users.setdefault(user_id, set()).add(home)

    @property
    def roles_to_find(self) -> set[int]:
        """Ids of the roles whose servers ``settled`` needs; none while users are few."""
        if len(self._users) <= MAX_USERS:
            return set()
        homes = {home for some in self._users.values() for home in some}
        return {home.role_id for home in homes if home.role_id is not None}

    def key(self, numbers: Table, key: Any, gone: ColumnElement[Any] | None = None) -> None:
        """Touch the permissions of the person with this ``key``; ``gone`` as in ``person``."""
        keys = self.keys.setdefault(numbers, {})
        keys[key] = keys.get(key) if gone is None else gone

    def newcomer(self, numbers: Table, key: Any) -> None:
        """A new person was inserted, who cannot have been checked yet.

        Beyond ``MAX_NEWCOMERS`` people get their numbers later.
        """
        some = self.newcomers.setdefault(numbers, set())
        if len(some) < MAX_NEWCOMERS:
            some.add(key)

    def __bool__(self) -> bool:
        return bool(self._subjects or self._users or self.groups or self.keys or self.newcomers)

    def settled(self, found: Found) -> list[str]:
        """The subjects to publish, without those that another one covers."""
        settled = dict(self._subjects)
        settled.update(dict.fromkeys(self._of_users(found)))
        settled.update(dict.fromkeys(_of_groups(self.groups, found)))
        if cache.tags.GLOBAL in settled:
            return [one for one in (cache.tags.GLOBAL, cache.tags.POLICY) if one in settled]
        return list(settled)

    def _of_users(self, found: Found) -> Iterable[str]:
        if len(self._users) <= MAX_USERS:
            return [cache.tags.user(user_id) for user_id in self._users]
        homes = {
            found.role_homes.get(home.role_id) if home.role_id is not None else home.node
            for some in self._users.values()
            for home in some
        }
        return [home or cache.tags.GLOBAL for home in sorted(homes, key=lambda home: home or "")]


def _of_groups(groups: Iterable[int], found: Found) -> Iterable[str]:
    roles = {role for group_id in groups for role in found.group_roles.get(group_id, ())}
    if len(roles) > MAX_ROLES:
        return [cache.tags.GLOBAL]
    return [cache.tags.role(role_id) for role_id in sorted(roles)]


def chunks(ids: Iterable[Id]) -> Iterable[list[Id]]:
    """Ids in lists that are short enough for one statement."""
    every: list[Any] = sorted(ids)
    return (every[start : start + CHUNK] for start in range(0, len(every), CHUNK))
