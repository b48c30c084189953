"""A database of people in servers, the same for the same seed."""

from __future__ import annotations

import random
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

from flask_migrate import upgrade
from sqlalchemy import insert, select

from app import close_app, create_app
from app.extensions import permissions
from app.models import Channel, Member, Server, User
from yoto.permission import EVERYONE_GRANTS
from yoto.store.db import db, writing
from yoto.store.models import EVERYONE, Effect, Permission, Role, RoleAssignment, RoleGrant

PEOPLE = 5_000
SERVERS = 100
CHANNELS = 8  # a server
SERVERS_A_PERSON = (1, 6)
SEED = 20_09


class Town(NamedTuple):
    """The people and the places that they may ask about.

    Attributes:
        people: ids of users.
        servers_of: the servers of each, the favourite one first.
        channels_of: the channels of each server.
    """

    people: list[int]
    servers_of: dict[int, list[int]]
    channels_of: dict[int, list[int]]


def build(config: dict[str, Any], folder: Path) -> Town:
    """Migrate and fill the empty database of ``config``."""
    app = create_app(config, str(folder))
    try:
        with app.app_context(), writing():
            upgrade()
            permissions.sync_catalogue()
            town = _fill(random.Random(SEED))
            db.session.commit()
            db.session.remove()
    finally:
        close_app(app)
    return town


def _fill(chance: random.Random) -> Town:
    names = [f"person{number}" for number in range(PEOPLE)]
    _insert(User, [{"username": one, "display_name": one, "password_hash": "!"} for one in names])
    people = list(db.session.scalars(select(User.id).order_by(User.id)))
    _insert(Server, [{"name": f"Server {n}", "owner_id": people[n]} for n in range(SERVERS)])
    servers = list(db.session.scalars(select(Server.id).order_by(Server.id)))
    _insert(
        Role,
        [
            {
                "home": f"server:{server}",
                "name": name,
                "is_default": name == EVERYONE,
                "position": rank,
            }
            for server in servers
            for rank, name in enumerate((EVERYONE, "regular"))
        ],
    )
    roles = {
        (row.server_id, row.name): row.id
        for row in db.session.execute(select(Role.server_id, Role.name, Role.id))
    }
    granted = list(
        db.session.scalars(select(Permission.id).where(Permission.name.in_(EVERYONE_GRANTS)))
    )
    _insert(
        RoleGrant,
        [
            {
                "role_id": role,
                "permission_id": permission,
                "effect": Effect.ALLOW,
                "scope_key": f"server:{server}",
            }
            for (server, _), role in roles.items()
            for permission in granted
        ],
    )
    _insert(
        Channel,
        [
            {"server_id": server, "name": f"channel-{number}"}
            for server in servers
            for number in range(CHANNELS)
        ],
    )
    channels_of: dict[int, list[int]] = {server: [] for server in servers}
    for row in db.session.execute(select(Channel.server_id, Channel.id).order_by(Channel.id)):
        channels_of[row.server_id].append(row.id)
    # The share of the n-th server in the people is like 1/n.
    weights = list(accumulate(1 / rank for rank in range(1, SERVERS + 1)))
    servers_of = {}
    for person in people:
        wished = chance.choices(servers, cum_weights=weights, k=chance.randint(*SERVERS_A_PERSON))
        servers_of[person] = list(dict.fromkeys(wished))
    joined = [(person, server) for person, some in servers_of.items() for server in some]
    _insert(Member, [{"server_id": server, "user_id": person} for person, server in joined])
    _insert(
        RoleAssignment,
        [
            {"user_id": person, "role_id": roles[server, "regular"]}
            for person, server in joined
            if chance.random() < 1 / 3
        ],
    )
    return Town(people, servers_of, channels_of)


def _insert(model: Any, rows: list[dict[str, Any]]) -> None:
    db.session.execute(insert(model), rows)
    db.session.flush()
