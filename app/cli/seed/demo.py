"""The demo: three small communities with roles, groups, overwrites, people and messages.

Built through the models in one transaction. Accounts have no password, except the three that a
newcomer signs in with; theirs are made here and returned once.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterable, Sequence
from datetime import timedelta

import click
from sqlalchemy import select

from app.auth.passwords import passwords as password_hasher
from app.cli.seed.demo_data import (
    ADMINISTRATOR,
    CHATTER,
    GLOBAL_ROLES,
    GROUPS,
    MEMBER,
    OWNER,
    PEOPLE,
    SERVERS,
    ChannelPlan,
    RolePlan,
    ServerPlan,
)
from app.models import NO_PASSWORD, Category, Channel, ChannelKind, Member, Message, Server, User
from yoto.permission import EVERYONE_GRANTS
from yoto.store.columns import utcnow
from yoto.store.db import db
from yoto.store.models import (
    EVERYONE,
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
    record_audit,
)

MESSAGES_PER_CHANNEL = 12


def seed_demo() -> dict[str, str]:
    """Make the demo and commit.

    Returns:
        username to password of the three accounts to sign in with; empty when the demo is there.
    """
    if db.session.scalar(select(User.id).where(User.username == OWNER)) is not None:
        db.session.rollback()
        return {}
    # Hashing is slow on purpose; it must not happen while the write lock is held.
    db.session.rollback()
    passwords = {name: secrets.token_urlsafe(12) for name in (OWNER, MEMBER, ADMINISTRATOR)}
    hashes = {name: password_hasher().hash(password) for name, password in passwords.items()}
    _Builder(hashes).build()
    db.session.commit()
    return passwords


def show_accounts(accounts: dict[str, str]) -> None:
    """Print demo accounts with their new passwords."""
    click.echo("Demo accounts, shown this once:")
    for username, password in accounts.items():
        click.echo(f"  {username:<10} {password}")


class _Builder:
    """Holds what later steps refer to by name."""

    def __init__(self, hashes: dict[str, str]) -> None:
        self._hashes = hashes
        self._random = random.Random(20)  # the same demo on every machine
        self._users: dict[str, User] = {}
        self._groups: dict[str, PermissionGroup] = {}
        self._permissions: dict[str, int] = {
            name: key for name, key in db.session.execute(select(Permission.name, Permission.id))
        }

    def build(self) -> None:
        for username, display_name in PEOPLE.items():
            self._users[username] = User(
                username=username,
                display_name=display_name,
                password_hash=self._hashes.get(username, NO_PASSWORD),
            )
        db.session.add_all(self._users.values())
        for name, members in GROUPS.items():
            group = PermissionGroup(name=name)
            self._groups[name] = group
            db.session.add(group)
            db.session.flush()
            db.session.add_all(
                PermissionGroupMember(group_id=group.id, permission_id=self._permissions[member])
                for member in members
            )
        self._roles(NOWHERE, GLOBAL_ROLES)
        for plan in SERVERS:
            self._server(plan)
        record_audit("seed.demo", "demo", by=None)

    def _server(self, plan: ServerPlan) -> None:
        server = Server(
            name=plan.name,
            description=plan.description,
            owner_id=self._users[plan.owner].id,
            public=plan.public,
        )
        db.session.add(server)
        db.session.flush()
        everyone = Role(home=f"server:{server.id}", name=EVERYONE, position=0, is_default=True)
        db.session.add(everyone)
        db.session.add_all(
            Member(server_id=server.id, user_id=self._users[name].id)
            for name in {plan.owner, *plan.members}
        )
        db.session.flush()
        self._grant(everyone, EVERYONE_GRANTS)
        roles = {EVERYONE: everyone, **self._roles(f"server:{server.id}", plan.roles)}
        categories: dict[str, Category] = {}
        for position, channel in enumerate(plan.channels):
            self._channel(server, channel, position, categories, roles, plan.members)

    def _roles(self, home: str, plans: Sequence[RolePlan]) -> dict[str, Role]:
        made: dict[str, Role] = {}
        for plan in plans:
            parent = made.get(plan.parent or "")
            role = Role(
                home=home,
                name=plan.name,
                position=plan.position,
                parent_id=parent.id if parent else None,
            )
            db.session.add(role)
            db.session.flush()
            made[plan.name] = role
            self._grant(role, plan.allow)
            db.session.add_all(
                RoleGroupGrant(role_id=role.id, group_id=self._groups[group].id)
                for group in plan.groups
            )
            until = utcnow() + timedelta(days=plan.days) if plan.days else None
            db.session.add_all(
                RoleAssignment(user_id=self._users[name].id, role_id=role.id, valid_until=until)
                for name in plan.holders
            )
        return made

    def _grant(self, role: Role, names: Iterable[str]) -> None:
        db.session.add_all(
            RoleGrant(role_id=role.id, permission_id=self._permissions[name]) for name in names
        )

    def _channel(
        self,
        server: Server,
        plan: ChannelPlan,
        position: int,
        categories: dict[str, Category],
        roles: dict[str, Role],
        members: Sequence[str],
    ) -> None:
        if plan.category not in categories:
            categories[plan.category] = Category(
                server_id=server.id, name=plan.category, position=len(categories)
            )
            db.session.add(categories[plan.category])
            db.session.flush()
        category = categories[plan.category]
        channel = Channel(
            server_id=server.id,
            category_id=category.id,
            name=plan.name,
            kind=ChannelKind(plan.kind),
            topic=plan.topic,
            position=position,
            synced=plan.synced,
        )
        db.session.add(channel)
        db.session.flush()
        place = f"category:{category.id}" if plan.synced else f"channel:{channel.id}"
        for effect, by_role in ((Effect.DENY, plan.deny), (Effect.ALLOW, plan.allow)):
            db.session.add_all(
                ChannelOverwrite(
                    place=place,
                    role_id=roles[role].id,
                    permission_id=self._permissions[name],
                    effect=effect,
                )
                for role, names in by_role.items()
                for name in names
            )
        start = utcnow() - timedelta(hours=MESSAGES_PER_CHANNEL)
        db.session.add_all(
            Message(
                channel_id=channel.id,
                author_id=self._users[self._random.choice(plan.authors or members)].id,
                content=self._random.choice(CHATTER),
                created_at=start + timedelta(hours=hour, minutes=self._random.randrange(60)),
            )
            for hour in range(MESSAGES_PER_CHANNEL)
        )
