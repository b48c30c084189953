"""Teams, and programs that have accounts of their own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, false
from sqlalchemy.orm import Mapped, mapped_column

from yoto.store.columns import MYSQL_OPTIONS, Model, PrimaryKey, utcnow


class Team(Model):
    """People and applications that hold roles together."""

    __tablename__ = "yoto_teams"
    __table_args__ = ({**MYSQL_OPTIONS, "sqlite_autoincrement": True},)

    id: Mapped[PrimaryKey]
    name: Mapped[str] = mapped_column(String(100), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class TeamMember(Model):
    """Somebody who is in a team while ``valid_from <= now < valid_until`` (NULL: no bound)."""

    __tablename__ = "yoto_team_members"
    __table_args__ = (MYSQL_OPTIONS,)

    team_id: Mapped[int] = mapped_column(
        ForeignKey("yoto_teams.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, index=True)
    valid_from: Mapped[datetime | None] = mapped_column(index=True)
    valid_until: Mapped[datetime | None] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class TeamParent(Model):
    """A team whose members are members of its parent too."""

    __tablename__ = "yoto_team_parents"
    __table_args__ = (MYSQL_OPTIONS,)

    team_id: Mapped[int] = mapped_column(
        ForeignKey("yoto_teams.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    parent_id: Mapped[int] = mapped_column(
        ForeignKey("yoto_teams.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        index=True,
    )


class ProgramAccount(Model):
    """An application that acts for itself, and holds roles as people do; its number among people's
    is its id plus ``yoto.nodes.APPLICATIONS``.
    """

    __tablename__ = "yoto_applications"
    __table_args__ = ({**MYSQL_OPTIONS, "sqlite_autoincrement": True},)

    id: Mapped[PrimaryKey]
    name: Mapped[str] = mapped_column(String(100), unique=True)
    disabled: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
