"""What one transaction touched, collected row by row and settled into subjects at its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Table

from yoto import cache

# Users of one transaction that get an event each; more become one event of their server.
MAX_USERS = 64
# Roles that have a changed group in common; more become one event of everything.
MAX_ROLES = 64


class Home(NamedTuple):
    """How far a change about a user reaches: a server, that of a role, or (neither) everywhere."""

    server_id: int | None = None
    role_id: int | None = None


class Found(NamedTuple):
    """What had to be looked up to settle touches; ids that were not found are missing.

    Attributes:
        role_servers: server of each role, None for a global role.
        group_roles: roles that each group is granted to.
        category_servers: server of each category.
    """

    role_servers: Mapping[int, int | None]
    group_roles: Mapping[int, frozenset[int]]
    category_servers: Mapping[int, int]


class Touches:
    """Collects; truthy once something was touched.

    Attributes:
        groups, categories: ids that ``settled`` needs to have looked up.
        keys: people by ids that are no numbers, with the table of their numbers.
    """

    def __init__(self) -> None:
        self._subjects: dict[str, None] = {}
        self._users: dict[int, set[Home]] = {}
        self.groups: set[int] = set()
        self.categories: set[int] = set()
        self.keys: dict[Table, set[Any]] = {}

    def add(self, *touched: str) -> None:
        """Touch subjects by name."""
        self._subjects.update(dict.fromkeys(touched))

    def everything(self) -> None:
        """Touch all there is, because nobody can say what was changed."""
        self.add(cache.subjects.GLOBAL)

    def user(self, user_id: int, home: Home = Home()) -> None:
        """Touch what one user may do within ``home``."""
        self._users.setdefault(user_id, set()).add(home)

    @property
    def roles_to_find(self) -> set[int]:
        """Ids of the roles whose servers ``settled`` needs; none while users are few."""
        if len(self._users) <= MAX_USERS:
            return set()
        homes = {home for some in self._users.values() for home in some}
        return {home.role_id for home in homes if home.role_id is not None}

    def key(self, numbers: Table, key: Any) -> None:
        """Touch what somebody may do whom the application knows by ``key``."""
        self.keys.setdefault(numbers, set()).add(key)

    def __bool__(self) -> bool:
        return bool(self._subjects or self._users or self.groups or self.categories or self.keys)

    def settled(self, found: Found) -> list[str]:
        """The subjects to publish, without those that another one includes."""
        settled = dict(self._subjects)
        settled.update(dict.fromkeys(self._of_users(found)))
        settled.update(dict.fromkeys(_of_groups(self.groups, found)))
        for category_id in sorted(self.categories):
            server_id = found.category_servers.get(category_id)
            settled[
                cache.subjects.GLOBAL if server_id is None else cache.subjects.server(server_id)
            ] = None
        if cache.subjects.GLOBAL in settled:
            return [one for one in (cache.subjects.GLOBAL, cache.subjects.POLICY) if one in settled]
        return list(settled)

    def _of_users(self, found: Found) -> Iterable[str]:
        if len(self._users) <= MAX_USERS:
            return [cache.subjects.user(user_id) for user_id in self._users]
        servers = {
            found.role_servers.get(home.role_id) if home.role_id is not None else home.server_id
            for some in self._users.values()
            for home in some
        }
        return [
            cache.subjects.GLOBAL if server_id is None else cache.subjects.server(server_id)
            for server_id in sorted(servers, key=lambda server_id: server_id or 0)
        ]


def _of_groups(groups: Iterable[int], found: Found) -> Iterable[str]:
    roles = {role for group_id in groups for role in found.group_roles.get(group_id, ())}
    if len(roles) > MAX_ROLES:
        return [cache.subjects.GLOBAL]
    return [cache.subjects.role(role_id) for role_id in sorted(roles)]
