"""A temporary application, with the types, roles and facts of a model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask
from sqlalchemy import create_engine, event, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, scoped_session, sessionmaker

from yoto.errors import PlatformError
from yoto.permission import PUBLIC, PermissionSystem, Team, check_permissions, checked_roles
from yoto.store.columns import Model
from yoto.store.db import db, forget_connections, init_store
from yoto.store.declarations import declare
from yoto.store.people import people
from yoto.store.resources import declare_resource

from .parts import FilePart

TEAM, ROLE = "team:", "role:"
TYPE = frozenset({"parent", "administrator", "gate", "nested", "shares"})
FACTS = frozenset({"people", "resources", "teams", "roles", "overwrites"})
RESOURCE = frozenset({"parent", "owner"})
HOLDING = frozenset({"who", "role", "at", "here_only"})
OVERWRITE = frozenset({"who", "at", "allow", "deny"})


class _Base(DeclarativeBase):
    """Base of the tables that only such an application has."""


class _Person(_Base):
    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class World:
    """Maps the names of a model to the platform's ids; used inside an application context."""

    def __init__(self) -> None:
        self.permissions = PermissionSystem()
        self._people: dict[str, int] = {}
        self._teams: dict[str, int] = {}
        self._roles: dict[str, int] = {}

    def fill(self, facts: FilePart) -> None:
        """Store the facts: people, resources, teams, roles, overwrites, in the file's order."""
        facts.mapping(FACTS)
        self._roles = {one.name: one.id for one in self.permissions.list_registered_roles()}
        for part in facts.part("people").items():
            if part.text() in self._people or part.text() == "public" or ":" in part.text():
                part.fail("a person's name stands once, is not 'public', and has no ':'")
            self._people[part.text()] = len(self._people) + 1
        if self._people:
            rows = [{"id": id_, "name": name} for name, id_ in self._people.items()]
            db.session.execute(insert(_Person), rows)
            db.session.commit()
        for name, part in facts.part("resources").mapping().items():
            self._put(name, part)
        for name, part in facts.part("teams").mapping().items():
            self._team(name, part)
        for part in facts.part("roles").items():
            said = part.mapping(HOLDING)
            at = node_of(said["at"]) if "at" in said else None
            role = self._named(part.needed("role"), ROLE)
            alone = "here_only" in said and said["here_only"].flag()
            with blaming(part):
                who = self._holder(part.needed("who"))
                self.permissions.assign(who, role, at=at, here_only=alone)
        for part in facts.part("overwrites").items():
            self._overwrite(part)

    def person(self, part: FilePart) -> int:
        """The id of a person by their name."""
        if part.text() not in self._people:
            part.fail(f"no person '{part.value}': name them in facts.people")
        return self._people[part.text()]

    def names(self, ids: Any) -> list[str]:
        """The names of people, in their order."""
        by_id = {id_: name for name, id_ in self._people.items()}
        return sorted(by_id[one] for one in ids)

    def subject(self, part: FilePart) -> Any:
        """A subject by its name, or ``public``."""
        return PUBLIC if part.text() == "public" else self.person(part)

    def _holder(self, part: FilePart) -> Any:
        if part.text().startswith(TEAM):
            return Team(self._named(part, TEAM))
        return self.subject(part)

    def _named(self, part: FilePart, kind: str) -> int:
        known = self._teams if kind == TEAM else self._roles
        name = part.text().removeprefix(kind)
        if name not in known:
            part.fail(f"no {kind.rstrip(':')} '{name}' stands above")
        return known[name]

    def _put(self, name: str, part: FilePart) -> None:
        said = part.mapping(RESOURCE)
        type_, id_ = node_of(FilePart(name, part.file, part.line, part.path))
        parent = node_of(said["parent"]) if "parent" in said else None
        owner = self.person(said["owner"]) if "owner" in said else None
        with blaming(part):
            self.permissions.put_resource(type_, id_, parent=parent, owner=owner)

    def _team(self, name: str, part: FilePart) -> None:
        with blaming(part):
            [self._teams[name]] = self.permissions.create_team(name).ids
        for member in part.items():
            with blaming(member):
                if member.text().startswith(TEAM):
                    inner = self._named(member, TEAM)
                    self.permissions.add_team_parent(inner, self._teams[name])
                else:
                    self.permissions.add_team_members(self._teams[name], [self.person(member)])

    def _overwrite(self, part: FilePart) -> None:
        part.mapping(OVERWRITE)
        who, user, role, team = part.needed("who"), None, None, None
        if who.text().startswith(ROLE):
            role = self._named(who, ROLE)
        elif who.text().startswith(TEAM):
            team = self._named(who, TEAM)
        else:
            user = self.person(who)
        with blaming(part):
            self.permissions.set_overwrite(
                at=node_of(part.needed("at")),
                user_id=user,
                role_id=role,
                team_id=team,
                allow=part.part("allow").texts(),
                deny=part.part("deny").texts(),
            )


def node_of(part: FilePart) -> tuple[str, str]:
    """The type and the id of ``document:budget``."""
    type_, colon, id_ = part.text().partition(":")
    if not (type_ and colon and id_):
        part.fail(f"must be a type and an id, such as document:budget, not '{part.value}'")
    return type_, id_


@contextmanager
def blaming(part: FilePart) -> Iterator[None]:
    """A block in which the platform's errors become flaws of ``part``."""
    try:
        yield
    except PlatformError as error:
        part.fail(str(error))


@contextmanager
def world_of(model: FilePart) -> Iterator[World]:
    """The world of a model, in a database of its own that is deleted after the block.

    Raises:
        Flaw: the platform refuses something in the model.
    """
    with TemporaryDirectory(prefix="yoto-model-") as folder:
        engine = create_engine(f"sqlite:///{Path(folder) / 'model.db'}")
        event.listen(engine, "connect", _hurry)
        session = scoped_session(sessionmaker(engine, expire_on_commit=False))
        app = Flask("model", instance_path=folder)
        init_store(app, session, lambda: engine)
        world = World()
        try:
            with app.app_context():
                _declare(app, model)
                _Base.metadata.create_all(engine)
                Model.metadata.create_all(engine)
                world.permissions.sync_catalogue()
                world.permissions.sync_declared_roles()
                world.fill(model.part("facts"))
                yield world
        finally:
            PermissionSystem.close(app)
            forget_connections(app, close=True)
            engine.dispose()


def _hurry(connection: Any, _: Any) -> None:
    # A temporary file need not survive a power cut.
    connection.execute("PRAGMA synchronous = OFF")


def _declare(app: Flask, model: FilePart) -> None:
    scopes = model.part("permissions").mapping()
    roles: dict[str, tuple[str, ...]] = {}
    for name, part in model.part("roles").mapping().items():
        with blaming(part):
            roles |= checked_roles({name: part.texts()})
            check_permissions(roles, scopes)
    declare(app, users=people(_Person, name="name"), named_roles=roles)
    for name, part in model.part("types").mapping().items():
        with blaming(part):
            declare_resource(app, name, **_options(part))
    system = PermissionSystem()
    system.init_app(app)
    for name, part in scopes.items():
        with blaming(part):
            system.declare({"name": name, "scope": part.text()})


def _options(type_: FilePart) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for key, part in type_.mapping(TYPE).items():
        match key:
            case "parent":
                options[key] = part.texts()
            case "nested":
                options[key] = part.value
            case "shares":
                options[key] = {name: one.texts() for name, one in part.mapping().items()}
            case _:
                options[key] = part.text()
    return options
