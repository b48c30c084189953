"""A commit that a listener fails does not go on into the next transaction."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import event, insert, select
from sqlalchemy.engine import Connection

from app.models import User
from yoto.store.db import db, writing


class Refused(Exception):
    """An error of a listener."""


def write(name: str) -> None:
    with writing():
        row = {"username": name, "display_name": name, "password_hash": "!"}
        db.session.execute(insert(User), row)
        db.session.commit()


def refuse(connection: Connection) -> None:
    raise Refused


def test_a_write_that_a_listener_refused_is_not_committed_by_the_next(app: Flask) -> None:
    with app.app_context():
        engine = db.engine
        event.listen(engine, "commit", refuse)
        try:
            with pytest.raises(Refused):
                write("refused")
        finally:
            event.remove(engine, "commit", refuse)
            db.session.remove()
        write("next")
        wanted = select(User.username).where(User.username.in_(["refused", "next"]))
        assert db.session.scalars(wanted).all() == ["next"]
