"""The tables of the application. They say nothing of who may do what, but for who owns what."""

import uuid

from flask_login import UserMixin
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Named(Base):
    __abstract__ = True

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(String(100))


db = SQLAlchemy(model_class=Base)


class Person(UserMixin, Named):
    __tablename__ = "people"

    name: Mapped[str] = mapped_column(String(100), unique=True)
    password: Mapped[str] = mapped_column(String(200))
    operates: Mapped[bool] = mapped_column(default=False)  # the platform, at /control


class Workspace(Named):
    __tablename__ = "workspaces"

    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Person.id))
    members: Mapped[list[Person]] = relationship(
        secondary="workspace_members", order_by=Person.name
    )


class Member(Base):
    __tablename__ = "workspace_members"

    workspace_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Workspace.id), primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Person.id), primary_key=True)


class Project(Named):
    __tablename__ = "projects"

    workspace_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Workspace.id))
    workspace: Mapped[Workspace] = relationship(lazy="joined")


class Document(Named):
    __tablename__ = "documents"

    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Project.id))
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Person.id))
    classification: Mapped[str] = mapped_column(String(20), default="internal")
    body: Mapped[str] = mapped_column(Text, default="")
    project: Mapped[Project] = relationship(lazy="joined")
    author: Mapped[Person] = relationship(lazy="joined")


class WorkspaceTeam(Base):
    """The workspace of a team of Yoto's. Yoto knows who is in the team."""

    __tablename__ = "workspace_teams"

    team_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    workspace_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Workspace.id))
    name: Mapped[str] = mapped_column(String(100))
