"""Types of resources with UUIDs and texts for ids, in the application of the tests, beside its own.

People belong to workspaces; documents are in these, and files, which are in no table, in documents.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from tests.support.world import Person
from yoto.extensions import permissions
from yoto.permission.outbox.rules import watch_declared
from yoto.store.columns import Id
from yoto.store.db import db
from yoto.store.declarations import declarations_of
from yoto.store.resources import declare_resource, types_of

READ, EDIT = "document.read", "document.edit"


class Base(DeclarativeBase):
    """The adopter's own."""


class Workspace(Base):
    __tablename__ = "paper_workspaces"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(String(100))
    owner_id: Mapped[int | None] = mapped_column(Id)


class Member(Base):
    __tablename__ = "paper_members"
    workspace_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Workspace.id), primary_key=True)
    user_id: Mapped[int] = mapped_column(Id, primary_key=True)


class Document(Base):
    __tablename__ = "paper_documents"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    title: Mapped[str] = mapped_column(String(100))
    workspace_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Workspace.id))


class Papers:
    """Makes them; each call commits."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def workspace(self, owner: Person | None = None, *members: Person) -> uuid.UUID:
        """A workspace with its members."""
        made = uuid.uuid4()
        self._add(Workspace(id=made, name="Desk", owner_id=None if owner is None else owner.id))
        self._add(*(Member(workspace_id=made, user_id=one.id) for one in members))
        return made

    def document(self, workspace: uuid.UUID | None, title: str = "Plan") -> uuid.UUID:
        """A document; without a workspace nobody belongs where it is."""
        made = uuid.uuid4()
        self._add(Document(id=made, title=title, workspace_id=workspace))
        return made

    def role(self, *names: str) -> int:
        """A global role that gives permissions."""
        with self._app.app_context():
            [role_id] = permissions.register_role(f"paper-{uuid.uuid4().hex[:8]}").ids
            if names:
                permissions.assign_permissions_to_role(role_id, names)
        return role_id

    def home_role(self, workspace: uuid.UUID, *names: str) -> int:
        """A role of a workspace that gives permissions."""
        with self._app.app_context():
            home = ("workspace", workspace)
            [role_id] = permissions.register_role("reading", home=home).ids
            permissions.assign_permissions_to_role(role_id, names)
        return role_id

    def assign(self, subject: Any, role_id: int, node: tuple[str, Any]) -> None:
        """Let somebody hold a role at a node."""
        with self._app.app_context():
            permissions.assign(subject, role_id, at=node)

    def _add(self, *rows: Any) -> None:
        with self._app.app_context():
            db.session.add_all(rows)
            db.session.commit()


@contextmanager
def declared(app: Flask, shares: Mapping[str, Sequence[str]] | None = None) -> Iterator[Papers]:
    """Declare the types in ``app``, which has had no question about its own yet; ``shares`` is of
    documents.
    """
    declare_resource(
        app,
        "workspace",
        Workspace,
        owner="owner_id",
        label="name",
        members=(Member, "workspace_id", "user_id"),
    )
    declare_resource(
        app,
        "document",
        Document,
        parent="workspace_id",
        label="title",
        gate=READ,
        shared="anyone",
        shares=shares,
    )
    declare_resource(app, "file", parent="document", shared="anyone")
    watch_declared(declarations_of(app).tables, types_of(app))
    with app.app_context():
        Base.metadata.create_all(db.engine)
        for name in (READ, EDIT):
            permissions.register_permission(name, scope="document")
    try:
        yield Papers(app)
    finally:
        with app.app_context():
            db.session.remove()
            Base.metadata.drop_all(db.engine)
