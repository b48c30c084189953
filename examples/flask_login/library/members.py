"""The members, and how they sign in."""

import uuid

import click
from flask import Blueprint, abort, request
from flask_login import LoginManager, UserMixin, login_required, login_user, logout_user
from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.security import check_password_hash, generate_password_hash

from .db import Base, session

login_manager = LoginManager()
members = Blueprint("members", __name__)


class Member(UserMixin, Base):
    __tablename__ = "members"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    email: Mapped[str] = mapped_column(String(100), unique=True)
    password: Mapped[str] = mapped_column(String(200))
    barred: Mapped[bool] = mapped_column(default=False)


@login_manager.user_loader
def load(member_id: str) -> Member | None:
    return session.get(Member, uuid.UUID(member_id))


def member_called(email: str) -> Member | None:
    return session.scalar(select(Member).filter_by(email=email))


@members.post("/login")
def login() -> dict[str, str]:
    member = member_called(request.form["email"])
    if member is None or not check_password_hash(member.password, request.form["password"]):
        abort(401)
    login_user(member)
    return {"email": member.email}


@members.post("/logout")
@login_required
def logout() -> dict[str, str]:
    logout_user()
    return {}


@click.command()
@click.argument("email")
@click.password_option()
def join(email: str, password: str) -> None:
    """Make EMAIL a member."""
    session.add(Member(email=email, password=generate_password_hash(password)))
    session.commit()
