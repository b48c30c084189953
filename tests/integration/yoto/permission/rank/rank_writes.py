"""Random towns, and random writes in them by random people, through all doors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from app.blueprints.operators import accounts as operators
from app.extensions import permissions
from app.models import Category, Channel, Member, Server, User
from tests.integration.yoto.permission.rank.rank_model import ADMIN, VIEW, State, Town
from tests.support.world import auth_header
from tests.unit.yoto.permission.worlds import Row
from yoto.store.db import db
from yoto.store.models import (
    NOWHERE,
    ChannelOverwrite,
    Effect,
    Permission,
    PermissionGroup,
    PermissionGroupMember,
    Role,
    RoleAssignment,
    RoleGrant,
    RoleGroupGrant,
)

LOCAL_NAMES = (
    "channel.read",
    "message.read_history",
    "message.send",
    "member.kick",
    "server.administrator",
)
GLOBAL_NAMES = (*LOCAL_NAMES, VIEW, ADMIN)
API = "/api/v1"


def build_town(random: Random, round_number: int) -> Town:
    """A platform of two servers. Rows of an earlier round are deleted or switched off."""
    db.session.execute(delete(Role))
    db.session.execute(delete(PermissionGroup))
    db.session.execute(update(User).values(disabled=True, super_admin=False))
    ids = {row.name: row.id for row in db.session.execute(select(Permission.name, Permission.id))}

    def add(model: Any, **columns: Any) -> int:
        row = model(**columns)
        db.session.add(row)
        db.session.flush()
        return int(row.id)

    users = [
        add(
            User,
            username=f"u{round_number}-{number}",
            display_name="x",
            password_hash="!",
            super_admin=number == 0 and random.random() < 0.2,
            clearance=random.randrange(5),
        )
        for number in range(6)
    ]
    servers = [add(Server, name="s", owner_id=users[1 + number]) for number in range(2)]
    categories = [add(Category, server_id=servers[0], name="c")]
    channels = [
        add(Channel, server_id=servers[0], name="a"),
        add(Channel, server_id=servers[0], name="b", category_id=categories[0], synced=True),
    ]
    roles: list[tuple[int, int | None]] = []
    for home in servers:
        roles.append(
            (add(Role, home=f"server:{home}", name="@everyone", is_default=True, position=0), home)
        )
        for user in users:
            if random.random() < 0.8 or user in users[1:3]:
                add(Member, server_id=home, user_id=user)
    for home, number in ((servers[0], 5), (servers[1], 2), (None, 4)):
        mine: list[int] = []
        for position in range(1, number + 1):
            parent = random.choice(mine) if mine and random.random() < 0.3 else None
            mine.append(
                add(
                    Role,
                    home=NOWHERE if home is None else f"server:{home}",
                    name=f"r{round_number}-{home}-{position}",
                    position=position * 10,
                    parent_id=parent,
                    active=random.random() < 0.85,
                )
            )
        roles += [(role, home) for role in mine]
    groups = [add(PermissionGroup, name=f"g{round_number}-{number}") for number in range(2)]
    for group, name in zip(groups, random.sample(LOCAL_NAMES[:4], 2), strict=True):
        add(PermissionGroupMember, group_id=group, permission_id=ids[name])
    granted: set[Any] = set()
    for _ in range(24):
        role, home = random.choice(roles)
        name = random.choice(GLOBAL_NAMES if home is None else LOCAL_NAMES)
        effect = Effect.DENY if random.random() < 0.15 else Effect.ALLOW
        if name == "server.administrator":
            effect = Effect.ALLOW
        if (role, name) not in granted:
            granted.add((role, name))
            add(RoleGrant, role_id=role, permission_id=ids[name], effect=effect)
    for group in groups:
        role = random.choice(roles)[0]
        add(RoleGroupGrant, role_id=role, group_id=group, effect=Effect.ALLOW)
    for user in users:
        for role, home in roles:
            is_default = any(role == one for one, _ in roles[:1])
            if not is_default and random.random() < 0.25:
                add(RoleAssignment, user_id=user, role_id=role)
    top = roles[-1][0]
    for name in (VIEW, ADMIN, "admin.users"):
        if (top, name) not in granted:
            add(RoleGrant, role_id=top, permission_id=ids[name], effect=Effect.ALLOW)
    for name in random.sample(LOCAL_NAMES[:3], random.randrange(3)):
        add(
            ChannelOverwrite,
            place=f"channel:{channels[0]}",
            role_id=random.choice(roles[:1] + roles[2:7])[0],
            permission_id=ids[name],
            effect=random.choice(list(Effect)),
        )
    db.session.commit()
    return Town(tuple(users), tuple(servers), tuple(channels), tuple(categories))


class Writes:
    """Draws writes and does them; ``homes`` says in whose hierarchies the last one was."""

    def __init__(self, random: Random, client: FlaskClient, town: Town, now: float) -> None:
        self.random, self.client, self.town, self.now = random, client, town, now
        self.homes: tuple[int | None, ...] = ()
        self.made = 0
        self.last = ""
        self.of_account = False
        self._headers: dict[int, dict[str, str]] = {}
        self._kinds: list[tuple[int, Callable[[State, dict[str, Any]], Any]]] = [
            (5, self.grant),
            (3, self.revoke),
            (2, self.change_group),
            (2, self.grant_group),
            (1, self.make_role),
            (4, self.change_role),
            (1, self.delete_role),
            (5, self.assign),
            (3, self.take),
            (4, self.overwrite),
            (1, self.template),
            (1, self.account),
            (1, self.rest),
        ]

    def do(self, state: State, actor: int) -> None:
        """One write of ``actor``. Raises what refuses it."""
        weights = [weight for weight, _ in self._kinds]
        [(_, write)] = self.random.choices(self._kinds, weights)
        self.last, self.of_account = write.__name__, False
        write(state, {"actor_id": actor})

    def _pick(self, rows: list[Row]) -> Row:
        return self.random.choice(rows)

    def _role(self, state: State) -> Row:
        role = self._pick(state.rows.roles)
        self.homes = (role["server_id"],)
        return role

    def _names(self, role: Row) -> list[str]:
        names = GLOBAL_NAMES if role["server_id"] is None else LOCAL_NAMES
        return self.random.sample(names, self.random.choice((1, 1, 2)))

    def _scope(self, role: Row) -> tuple[str | None, int | None]:
        home = role["server_id"] or self.town.servers[0]
        kinds: list[tuple[str | None, int | None]] = [(None, None), (None, None)]
        kinds += [("server", home)]
        if home == self.town.servers[0]:
            kinds += [("channel", self.random.choice(self.town.channels))]
        return self.random.choice(kinds)

    def _moment(self) -> datetime | None:
        ahead = self.random.choice((None, None, None, 10, 20))
        return None if ahead is None else datetime.fromtimestamp(self.now + ahead * 3600, UTC)

    def grant(self, state: State, who: dict[str, Any]) -> None:
        role = self._role(state)
        effect = self.random.choice(("allow", "deny"))
        permissions.assign_permissions_to_role(
            role["id"], self._names(role), *self._scope(role), effect=effect, **who
        )

    def revoke(self, state: State, who: dict[str, Any]) -> None:
        grant = self._pick(state.rows.grants)
        [role] = [role for role in state.rows.roles if role["id"] == grant["role_id"]]
        self.homes = (role["server_id"],)
        permissions.revoke_permissions_from_role(
            role["id"], [grant["permission"]], *scope_of(grant), **who
        )

    def change_group(self, state: State, who: dict[str, Any]) -> None:
        group = self._pick(state.rows.groups)["id"]
        homes = {
            role["server_id"]
            for grant in state.rows.group_grants
            for role in state.rows.roles
            if grant["group_id"] == group and grant["role_id"] == role["id"]
        }
        self.homes = tuple(sorted(homes, key=str)) or (None,)
        inside = [row for row in state.rows.group_members if row["group_id"] == group]
        if self.random.random() < 0.5 or not inside:
            names = [self.random.choice(LOCAL_NAMES)]
            permissions.assign_permission_to_group(group, names, **who)
        elif self.random.random() < 0.8 or len(state.rows.groups) < 2:
            permissions.remove_permission_from_group(
                group, [self._pick(inside)["permission"]], **who
            )
        else:
            permissions.delete_group(group, **who)

    def grant_group(self, state: State, who: dict[str, Any]) -> None:
        if state.rows.group_grants and self.random.random() < 0.4:
            grant = self._pick(state.rows.group_grants)
            [role] = [role for role in state.rows.roles if role["id"] == grant["role_id"]]
            self.homes = (role["server_id"],)
            permissions.remove_group_from_role(
                grant["group_id"], role["id"], *scope_of(grant), **who
            )
            return
        role = self._role(state)
        permissions.assign_group_to_role(
            self._pick(state.rows.groups)["id"],
            role["id"],
            *self._scope(role),
            effect=self.random.choice(("allow", "deny")),
            **who,
        )

    def make_role(self, state: State, who: dict[str, Any]) -> None:
        self.made += 1
        home = self.random.choice((*self.town.servers[:1], None))
        self.homes = (home,)
        parent = self.random.choice([None, *state.rows.roles])
        permissions.register_role(
            f"made {self.now} {self.made}",
            home,
            parent["id"] if parent else None,
            position=self.random.randrange(1, 45),
            active=self.random.random() < 0.8,
            **who,
        )

    def change_role(self, state: State, who: dict[str, Any]) -> None:
        role = self._role(state)
        changes: dict[str, Any] = {}
        if self.random.random() < 0.5:
            parent = self.random.choice([None, *state.rows.roles])
            changes["parent"] = parent["id"] if parent else None
        if self.random.random() < 0.5:
            changes["active"] = not role["active"]
        if self.random.random() < 0.2:
            changes["position"] = self.random.randrange(1, 45)
        permissions.update_role(role["id"], **changes, **who)

    def delete_role(self, state: State, who: dict[str, Any]) -> None:
        if len(state.rows.roles) > 9:
            permissions.delete_role(self._role(state)["id"], **who)

    def assign(self, state: State, who: dict[str, Any]) -> None:
        role = self._role(state)
        user = self.random.choice(self.town.users)
        permissions.assign_roles_to_user(
            user, [role["id"]], None, self._moment(), self._moment(), **who
        )

    def take(self, state: State, who: dict[str, Any]) -> None:
        held = self._pick(state.rows.assignments)
        [role] = [role for role in state.rows.roles if role["id"] == held["role_id"]]
        self.homes = (role["server_id"],)
        permissions.revoke_roles_from_user(held["user_id"], [role["id"]], **who)

    def overwrite(self, state: State, who: dict[str, Any]) -> None:
        self.homes = (self.town.servers[0],)
        at = self.random.choice(
            [("channel", self.town.channels[0]), ("category", self.town.categories[0])]
        )
        target = (
            {"role_id": self._pick(state.rows.roles)["id"]}
            if self.random.random() < 0.7
            else {"user_id": self.random.choice(self.town.users)}
        )
        names = self.random.sample(LOCAL_NAMES[:4], 3)
        cut = self.random.randrange(4)
        if self.random.random() < 0.2:
            permissions.clear_overwrite(at=at, **target, **who)
        else:
            kept = self.random.randrange(cut, 4)
            permissions.set_overwrite(
                at=at, **target, allow=names[:cut], deny=names[cut:kept], **who
            )

    def template(self, state: State, who: dict[str, Any]) -> None:
        role = self._role(state)
        level = self.random.choice(("reader", "writer"))
        permissions.templates.apply(
            role["id"], "message", level, *self._scope(role), replace=True, **who
        )

    def account(self, state: State, who: dict[str, Any]) -> None:
        """An operator disables or enables an account in the control plane."""
        self.homes, self.of_account = (None,), True
        act = self.random.choice((operators.disable_operator, operators.enable_operator))
        act(self.random.choice(self.town.users), by=f"user:{who['actor_id']}", reason="because")

    def rest(self, state: State, who: dict[str, Any]) -> None:
        """A write over the API, to an account or to a role and its holders."""
        actor = who["actor_id"]
        user = self.random.choice(self.town.users)
        role = self._role(state)
        name = self._names(role)[0]
        effect = self.random.choice(("allow", "deny"))
        path, method, body = self.random.choice(
            [
                (f"/admin/users/{user}", "PATCH", {"disabled": self.random.random() < 0.7}),
                (f"/roles/{role['id']}/grants/{name}", "PUT", {"effect": effect}),
                (f"/roles/{role['id']}/members/{user}", "PUT", {}),
                (f"/roles/{role['id']}/members/{user}", "DELETE", None),
                (f"/roles/{role['id']}", "PATCH", {"active": not role["active"]}),
            ]
        )
        if path.startswith("/admin"):
            self.homes, self.of_account = (None,), True
        headers = self._headers.get(actor)
        if headers is None:
            headers = auth_header(self.client.application, actor)
            self._headers[actor] = headers
        answer = self.client.open(f"{API}{path}", method=method, json=body, headers=headers)
        assert answer.status_code < 500, answer.text


def scope_of(grant: Row) -> tuple[str | None, int | None]:
    """The scope of a stored grant as an argument."""
    if grant["channel_id"] is not None:
        return "channel", grant["channel_id"]
    return ("server", grant["server_id"]) if grant["server_id"] is not None else (None, None)
