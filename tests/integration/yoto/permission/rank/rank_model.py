"""The bounds of writes on people, slowly and literally, from the rows before and after.

Verdicts are those of the second implementation (``reference``), which shares no code with the
resolver; nothing here is shared with the rules for writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from app.models import Category, Channel, Member, Server, User
from tests.unit.yoto.permission.reference import LOCAL, Reference, only
from tests.unit.yoto.permission.worlds import Row, Rows
from yoto.store.db import db
from yoto.store.models import (
    ChannelOverwrite,
    Permission,
    PermissionGroup,
    PermissionGroupMember,
    Role,
    RoleAssignment,
    RoleGrant,
    RoleGroupGrant,
)

ADMIN, VIEW = "platform.admin", "platform.view"
Place = tuple[str, int | None]
OWNER = 10**9


@dataclass(frozen=True)
class Town:
    """The people and places that one round of writes is about."""

    users: tuple[int, ...]
    servers: tuple[int, ...]
    channels: tuple[int, ...]
    categories: tuple[int, ...]


class Memo(Reference):
    """The second implementation, which looks at the rows of a role once."""

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows)
        self._grants: dict[Any, set[str]] = {}
        self._overwrites: dict[Any, set[str]] = {}
        self._roles: dict[Any, list[Row]] = {}
        self._granted: dict[Any, set[str]] = {}
        self._lines: dict[int, list[Row]] = {}
        self._seen: dict[Any, tuple[set[str], set[str]]] = {}

    def grants_of(
        self, role: Row, effect: str, scopes: list[tuple[int | None, int | None]]
    ) -> set[str]:
        key = (role["id"], effect, tuple(scopes))
        if key not in self._grants:
            self._grants[key] = super().grants_of(role, effect, scopes)
        return self._grants[key]

    def overwrites_of(self, column: str, target: int, effect: str, channel: Row) -> set[str]:
        key = (column, target, effect, channel["id"])
        if key not in self._overwrites:
            self._overwrites[key] = super().overwrites_of(column, target, effect, channel)
        return self._overwrites[key]

    def with_ancestors(self, role: Row, below: list[int]) -> list[Row]:
        if below:
            return super().with_ancestors(role, below)
        if role["id"] not in self._lines:
            self._lines[role["id"]] = super().with_ancestors(role, below)
        return self._lines[role["id"]]

    def roles(self, user: Row, server: Row | None, now: float) -> list[Row]:
        key = (user["id"], None if server is None else server["id"], now)
        if key not in self._roles:
            self._roles[key] = super().roles(user, server, now)
        return self._roles[key]

    def granted(self, roles: list[Row], effect: str, server: Row | None) -> set[str]:
        ids = tuple(role["id"] for role in roles)
        key = (ids, effect, None if server is None else server["id"])
        if key not in self._granted:
            self._granted[key] = super().granted(roles, effect, server)
        return self._granted[key]

    def both(self, user_id: int, place: Place, now: float) -> tuple[set[str], set[str]]:
        """Somebody's permissions, and those they would have if reading uncovered everything."""
        key = (user_id, place, now)
        if key not in self._seen:
            has = self.effective(user_id, *place, now)
            bare = has if place[0] != "channel" else self.uncovered(user_id, place, now)
            self._seen[key] = (has, bare)
        return self._seen[key]

    def uncovered(self, user_id: int, place: Place, now: float) -> set[str]:
        """As ``effective`` without step 6: giving channel.read counts as that alone."""
        kind, place_id = place
        user = only(self.rows.users, id=user_id)
        assert user is not None
        if kind != "channel" or user["disabled"] or user["super_admin"]:
            return self.effective(user_id, kind, place_id, now)
        channel = only(self.rows.channels, id=place_id)
        assert channel is not None
        server = only(self.rows.servers, id=channel["server_id"])
        assert server is not None
        roles = self.roles(user, server, now)
        base = self.granted(roles, "allow", server) - self.granted(roles, "deny", server)
        if server["owner_id"] == user_id or "server.administrator" in base:
            return base | LOCAL
        return self.after_overwrites(base, user, roles, server, channel)

    def rank(self, user_id: int, home: int | None, now: float) -> int:
        """The highest position that somebody holds in a hierarchy."""
        rank = -1
        if home is not None:
            server = only(self.rows.servers, id=home)
            user = only(self.rows.users, id=user_id)
            assert server is not None and user is not None
            if server["owner_id"] == user_id:
                return OWNER
            if not self.is_member(user, server):
                return rank
            rank = 0
        for held in self.rows.assignments:
            start, end = held["valid_from"], held["valid_until"]
            if held["user_id"] != user_id or (start is not None and start.timestamp() > now):
                continue
            if end is not None and end.timestamp() <= now:
                continue
            role = only(self.rows.roles, id=held["role_id"])
            if role is not None and role["active"] and role["server_id"] == home:
                rank = max(rank, role["position"])
        return rank

    def administrators(self, now: float) -> set[int]:
        """Those who can steer the platform."""
        return {
            user["id"]
            for user in self.rows.users
            if user["super_admin"]
            and not user["disabled"]
            or {ADMIN, VIEW} <= self.effective(user["id"], "global", None, now)
        }


@dataclass(frozen=True)
class State:
    """The rows at one moment, in the worlds that may come of them."""

    rows: Rows
    now: Memo
    awake: Memo

    @classmethod
    def of(cls, rows: Rows) -> State:
        awake = replace(rows, roles=[{**role, "active": True} for role in rows.roles])
        return cls(rows, Memo(rows), Memo(awake))

    def grown(self, role_id: int) -> Memo:
        """As if a role were given everything that there is in servers."""
        more = [
            {
                "role_id": role_id,
                "permission": name,
                "effect": "allow",
                "server_id": None,
                "channel_id": None,
            }
            for name in LOCAL - {"server.administrator"}
        ]
        return Memo(replace(self.rows, grants=self.rows.grants + more))

    def moments(self, now: float) -> list[float]:
        times = {now}
        for held in self.rows.assignments:
            for moment in (held["valid_from"], held["valid_until"]):
                if moment is not None and moment.timestamp() > now:
                    times.add(moment.timestamp())
        return sorted(times)


def violations(
    town: Town,
    before: State,
    after: State,
    actor: int,
    homes: tuple[int | None, ...],
    now: float,
    of_account: bool = False,
) -> Iterator[str]:
    """The faults of an accepted write of ``actor`` in the hierarchies ``homes``.

    Args:
        homes: the homes of the roles that it was about; each of several has a say about its own
            server, and that of the platform about all.
        of_account: an account was disabled or enabled. Its place in servers, which it has again
            then, is for their owners to say; and others gave it roles as high as the actor's.
    """
    places: list[Place] = [("global", None)]
    places += [("server", id_) for id_ in town.servers]
    places += [("channel", id_) for id_ in town.channels]
    moments = sorted({*before.moments(now), *after.moments(now)})
    lasting: dict[tuple[Place, float], set[str]] = {}
    for place in places:
        has: set[str] | None = None
        for moment in moments:
            found = before.now.effective(actor, *place, moment)
            has = found if has is None else has & found
            lasting[place, moment] = has
    server_of = {row["id"]: ("server", row["server_id"]) for row in before.rows.channels}

    def may_give(place: Place, moment: float) -> set[str]:
        if place[0] == "channel":
            return lasting[place, moment] | lasting[server_of[place[1]], moment]
        return lasting[place, moment]

    ranks = {home: before.now.rank(actor, home, now) for home in homes}
    above_in = {
        home: {user for user in town.users if before.now.rank(user, home, now) > rank}
        for home, rank in ranks.items()
    }

    def above(user: int, place: Place) -> bool:
        server = server_of.get(place[1], place) if place[0] == "channel" else place
        return any(
            user in people
            for home, people in above_in.items()
            if len(homes) == 1 or home is None or server == ("server", home)
        )

    high = [
        role["id"]
        for role in before.rows.roles
        if role["server_id"] in ranks
        and role["position"] >= ranks[role["server_id"]] + of_account
        and not role["is_default"]
        and ranks[role["server_id"]] < OWNER
    ]
    worlds = [("now", before.now, after.now), ("awake", before.awake, after.awake)]
    worlds += [(f"role {id_} grown", before.grown(id_), after.grown(id_)) for id_ in high[:1]]
    for name, old, new in worlds:
        for moment in moments:
            for place in places:
                for user in town.users:
                    was, was_open = old.both(user, place, moment)
                    now_has, now_open = new.both(user, place, moment)
                    where = f"{name}: {user} in {place} at +{moment - now:.0f}"
                    if above(user, place) and not was <= now_has:
                        yield f"{where} is above and lost {was - now_has}"
                    gained = now_open - was_open - may_give(place, moment)
                    if place[0] != "global":
                        gained = set() if of_account else gained & LOCAL
                    if gained:
                        yield f"{where} gained {gained}"


def read_rows(town: Town) -> Rows:
    """All rows that bear on the town."""
    names = {row.id: row.name for row in db.session.execute(select(Permission.id, Permission.name))}

    def rows(model: Any, *columns: str, where: Any = None) -> list[Row]:
        table = model.__table__
        statement = select(*(table.c[column] for column in columns))
        if where is not None:
            statement = statement.where(where)
        found = [dict(row._mapping) for row in db.session.execute(statement)]
        for row in found:
            if "permission_id" in row:
                row["permission"] = names[row.pop("permission_id")]
            if "effect" in row:
                row["effect"] = row["effect"].value
        return found

    def those(column: Any, ids: Iterable[int]) -> Any:
        return column.in_(tuple(ids))

    scope = ("server_id", "channel_id", "effect")
    return Rows(
        users=rows(User, "id", "disabled", "super_admin", where=those(User.id, town.users)),
        servers=rows(Server, "id", "owner_id", where=those(Server.id, town.servers)),
        members=rows(
            Member,
            *("server_id", "user_id", "banned", "timeout_until"),
            where=those(Member.server_id, town.servers),
        ),
        categories=rows(Category, "id", "server_id", where=those(Category.id, town.categories)),
        channels=rows(
            Channel,
            *("id", "server_id", "category_id", "synced"),
            where=those(Channel.id, town.channels),
        ),
        roles=rows(Role, "id", "server_id", "parent_id", "active", "is_default", "position"),
        groups=rows(PermissionGroup, "id"),
        group_members=rows(PermissionGroupMember, "group_id", "permission_id"),
        grants=rows(RoleGrant, "role_id", "permission_id", *scope),
        group_grants=rows(RoleGroupGrant, "role_id", "group_id", *scope),
        assignments=rows(RoleAssignment, "user_id", "role_id", "valid_from", "valid_until"),
        overwrites=rows(
            ChannelOverwrite,
            *("channel_id", "category_id", "role_id", "user_id", "permission_id", "effect"),
        ),
    )
