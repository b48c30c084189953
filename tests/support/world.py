"""People, servers, roles and messages for tests: a row or two each, written straight to the tables.

Everything returned is plain data, so that no test holds a session open. ``World`` needs no
application context; it opens one for each call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import wraps
from itertools import count
from typing import Any, NamedTuple, ParamSpec, TypeVar

from flask import Flask
from flask_jwt_extended import create_access_token
from sqlalchemy import insert, select

from app.auth import EPOCH_CLAIM, FAMILY_CLAIM, issue_tokens
from app.db import db as application
from app.models import Category, Channel, ChannelKind, Invite, Member, Message, Server, User
from tests.support.database import checksums, rows_of
from yoto.permission import EVERYONE_GRANTS
from yoto.store.columns import Model, utcnow
from yoto.store.db import db, writing
from yoto.store.models import (
    EVERYONE,
    NOWHERE,
    AuditRecord,
    ChannelOverwrite,
    Effect,
    Permission,
    Role,
    RoleAssignment,
    RoleGrant,
)

FIRST_CHANNEL = "general"
UNUSABLE_PASSWORD = "!"  # no argon2 hash looks like this, so nobody can sign in with it
P = ParamSpec("P")
R = TypeVar("R")


def tables() -> tuple[str, ...]:
    """The application's and the platform's; those of rooms come with the first application."""
    return (*application.metadata.tables, *Model.metadata.tables)


@dataclass(frozen=True)
class Person:
    """An account and what its client sends to be recognised."""

    id: int
    username: str
    token: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True)
class Community:
    """A server with its owner, its default role and its first channel."""

    id: int
    owner: Person
    everyone_id: int
    channel_id: int


class Act(NamedTuple):
    """A record of the audit log."""

    action: str
    subject: str
    actor_id: int | None
    before: Any
    after: Any
    reason: str | None


def auth_header(app: Flask, user_id: int) -> dict[str, str]:
    """The header of a valid access token of the account."""
    with app.app_context():
        token = issue_tokens(db.session.get_one(User, user_id)).access_token
        db.session.remove()
    return {"Authorization": f"Bearer {token}"}


def expired_header(app: Flask, user_id: int) -> dict[str, str]:
    """The header of an access token that ran out a minute ago."""
    return {"Authorization": f"Bearer {token_for(app, user_id, seconds=-60)}"}


def token_for(app: Flask, user_id: int, seconds: float) -> str:
    """An access token that is good for so many seconds; the library counts whole ones."""
    with app.app_context():
        token: str = create_access_token(
            str(user_id),
            expires_delta=timedelta(seconds=seconds),
            additional_claims={FAMILY_CLAIM: "short", EPOCH_CLAIM: 0},
        )
    return token


def in_context(method: Callable[P, R]) -> Callable[P, R]:
    """Run a method of ``World`` in a context of its own and commit what it added."""

    @wraps(method)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        world: Any = args[0]
        if world.is_together:
            return method(*args, **kwargs)
        with world.app.app_context(), writing():
            result = method(*args, **kwargs)
            db.session.commit()
            db.session.remove()
        return result

    return wrapped


class World:
    """Makes rows in the database of one application."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._numbers = count(1)
        self._permission_ids: dict[str, int] = {}
        self.is_together = False

    @contextmanager
    def together(self) -> Iterator[None]:
        """Commit the rows made inside at the end, all at once: in half the time."""
        if self.is_together:
            yield
            return
        with self.app.app_context(), writing():
            self.is_together = True
            try:
                yield
            finally:
                self.is_together = False
            db.session.commit()
            db.session.remove()

    @in_context
    def user(self, username: str | None = None, **columns: Any) -> Person:
        """An account; further columns such as ``super_admin=True``."""
        return self._add_user(username or f"user{next(self._numbers)}", **columns)

    @in_context
    def server(
        self,
        owner: Person | None = None,
        *,
        name: str = "Harbour",
        grants: Sequence[str] = EVERYONE_GRANTS,
        **columns: Any,
    ) -> Community:
        """A server with its owner as a member, ``@everyone`` with ``grants``, and one channel."""
        owner = owner or self._add_user(f"owner{next(self._numbers)}")
        server = Server(name=name, owner_id=owner.id, **columns)
        db.session.add(server)
        db.session.flush()
        everyone = Role(home=f"server:{server.id}", name=EVERYONE, is_default=True, position=0)
        channel = Channel(server_id=server.id, name=FIRST_CHANNEL)
        db.session.add_all([everyone, channel, Member(server_id=server.id, user_id=owner.id)])
        db.session.flush()
        self._grant(everyone.id, f"server:{server.id}", grants)
        return Community(server.id, owner, everyone.id, channel.id)

    @in_context
    def member(
        self, community: Community, person: Person | None = None, *roles: int, **columns: Any
    ) -> Person:
        """Put ``person`` (a new one by default) into the server, with roles."""
        person = person or self._add_user(f"member{next(self._numbers)}")
        db.session.add(Member(server_id=community.id, user_id=person.id, **columns))
        self._assign(person.id, roles)
        return person

    @in_context
    def members(self, community: Community, number: int, *roles: int) -> list[int]:
        """Many members at once, each with the roles; their user ids."""
        names = [f"crowd{next(self._numbers)}" for _ in range(number)]
        db.session.execute(
            insert(User),
            [
                {"username": name, "display_name": name, "password_hash": UNUSABLE_PASSWORD}
                for name in names
            ],
        )
        ids = list(db.session.scalars(select(User.id).where(User.username.in_(names))))
        db.session.execute(
            insert(Member), [{"server_id": community.id, "user_id": user_id} for user_id in ids]
        )
        for user_id in ids:
            self._assign(user_id, roles)
        return ids

    @in_context
    def ban(self, community: Community, person: Person, reason: str | None = None) -> None:
        """Keep ``person``, who is no member, out of the server."""
        db.session.add(
            Member(server_id=community.id, user_id=person.id, banned=True, ban_reason=reason)
        )

    @in_context
    def role(
        self,
        community: Community | None,
        *grants: str,
        name: str | None = None,
        position: int = 1,
        deny: Iterable[str] = (),
        **columns: Any,
    ) -> int:
        """A role of the server (a global one for None) with grants in its own scope; its id."""
        home = f"server:{community.id}" if community else NOWHERE
        role = Role(
            home=home,
            name=name or f"role{next(self._numbers)}",
            position=position,
            **columns,
        )
        db.session.add(role)
        db.session.flush()
        self._grant(role.id, home or "global", grants)
        self._grant(role.id, home or "global", deny, effect=Effect.DENY)
        return role.id

    @in_context
    def assign(self, person: Person, *roles: int, **columns: Any) -> None:
        """Give ``person`` roles; columns such as ``valid_until``."""
        self._assign(person.id, roles, **columns)

    @in_context
    def category(self, community: Community, name: str = "Topics", **columns: Any) -> int:
        """A category; its id."""
        category = Category(server_id=community.id, name=name, **columns)
        db.session.add(category)
        db.session.flush()
        return category.id

    @in_context
    def channel(
        self,
        community: Community,
        name: str = "harbour-talk",
        kind: ChannelKind = ChannelKind.TEXT,
        **columns: Any,
    ) -> int:
        """A channel; its id."""
        channel = Channel(server_id=community.id, name=name, kind=kind, **columns)
        db.session.add(channel)
        db.session.flush()
        return channel.id

    @in_context
    def overwrite(
        self,
        *,
        channel: int | None = None,
        category: int | None = None,
        role: int | None = None,
        user: Person | None = None,
        allow: Iterable[str] = (),
        deny: Iterable[str] = (),
    ) -> None:
        """Overwrites of one place for one target."""
        place = f"category:{category}" if channel is None else f"channel:{channel}"
        for effect, names in ((Effect.ALLOW, allow), (Effect.DENY, deny)):
            for name in names:
                db.session.add(
                    ChannelOverwrite(
                        place=place,
                        role_id=role,
                        user_id=user.id if user else None,
                        permission_id=self._permission_id(name),
                        effect=effect,
                    )
                )

    @in_context
    def message(
        self, channel_id: int, author: Person, content: str = "Ahoy", **columns: Any
    ) -> int:
        """A message; its id."""
        message = Message(channel_id=channel_id, author_id=author.id, content=content, **columns)
        db.session.add(message)
        db.session.flush()
        return message.id

    @in_context
    def messages(self, channel_id: int, author: Person, number: int) -> list[int]:
        """Many messages, oldest first: ``message 1``, ``message 2``, ...; their ids."""
        messages = [
            Message(channel_id=channel_id, author_id=author.id, content=f"message {index}")
            for index in range(1, number + 1)
        ]
        db.session.add_all(messages)
        db.session.flush()
        return [message.id for message in messages]

    @in_context
    def invite(self, community: Community, code: str = "come-in", **columns: Any) -> str:
        """An invite by the owner; its code."""
        db.session.add(
            Invite(server_id=community.id, code=code, created_by=community.owner.id, **columns)
        )
        return code

    @in_context
    def add(self, row: Any) -> int:
        """Any row; its id."""
        db.session.add(row)
        db.session.flush()
        return int(row.id)

    @in_context
    def run(self, statement: Any, parameters: Any = None) -> None:
        """Execute a statement that writes."""
        db.session.execute(statement, parameters)

    @in_context
    def permission_id(self, name: str) -> int:
        """The id of a registered permission."""
        return self._permission_id(name)

    @in_context
    def scalar(self, statement: Any) -> Any:
        """The first column of the first row of ``statement``, or None."""
        return db.session.scalar(statement)

    @in_context
    def rows(self, statement: Any) -> list[tuple[Any, ...]]:
        """All rows of ``statement`` as tuples."""
        return [tuple(row) for row in db.session.execute(statement)]

    @in_context
    def audit(self, community: Community) -> list[Act]:
        """The records of the audit log about the server, oldest first."""
        return self._acts(AuditRecord.server_id == community.id)

    @in_context
    def acts(self, action: str) -> list[Act]:
        """The records of the audit log of one action, oldest first."""
        return self._acts(AuditRecord.action == action)

    @in_context
    def snapshot(self) -> dict[str, Any]:
        """All rows of all tables: equal before and after means that nothing was written.

        On MariaDB a checksum stands for the rows of a table.
        """
        connection = db.session.connection()
        look = rows_of if connection.dialect.name == "sqlite" else checksums
        return look(connection, tables())

    @in_context
    def everything(self) -> dict[str, Any]:
        """All rows of all tables, as the driver reads them."""
        return rows_of(db.session.connection(), tables())

    @staticmethod
    def soon(seconds: float = 3600) -> datetime:
        """A moment ahead."""
        return utcnow() + timedelta(seconds=seconds)

    def _acts(self, which: Any) -> list[Act]:
        record = AuditRecord
        columns = (record.action, record.subject, record.actor_id)
        values = (record.before, record.after, record.reason)
        statement = select(*columns, *values).where(which).order_by(record.id)
        return [Act(*row) for row in db.session.execute(statement)]

    def _add_user(self, username: str, **columns: Any) -> Person:
        user = User(
            username=username,
            display_name=columns.pop("display_name", username.title()),
            password_hash=columns.pop("password_hash", UNUSABLE_PASSWORD),
            **columns,
        )
        db.session.add(user)
        db.session.flush()
        return Person(user.id, username, issue_tokens(user).access_token)

    def _assign(self, user_id: int, roles: Iterable[int], **columns: Any) -> None:
        for role_id in roles:
            db.session.add(RoleAssignment(user_id=user_id, role_id=role_id, **columns))

    def _grant(
        self,
        role_id: int,
        scope: str,
        names: Iterable[str],
        effect: Effect = Effect.ALLOW,
    ) -> None:
        for name in names:
            db.session.add(
                RoleGrant(
                    role_id=role_id,
                    permission_id=self._permission_id(name),
                    scope_key=scope,
                    effect=effect,
                )
            )

    def _permission_id(self, name: str) -> int:
        if not self._permission_ids:
            rows = db.session.execute(select(Permission.name, Permission.id))
            self._permission_ids = {row.name: row.id for row in rows}
        return self._permission_ids[name]
