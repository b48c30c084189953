"""The demo: made once, and with the rules that the README shows."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import func, select

from app.cli.seed.demo import seed_demo
from app.cli.seed.demo_data import MEMBER, OWNER, PEOPLE
from app.extensions import permissions
from app.models import Channel, Message, Server, User
from yoto.store.db import db, writing
from yoto.store.models import AuditRecord, Role


def seeded(app: Flask) -> dict[str, str]:
    with writing():
        return seed_demo()


def user_id(name: str) -> int:
    return db.session.scalars(select(User.id).where(User.username == name)).one()


def channel_id(name: str) -> int:
    kitchen = select(Server.id).where(Server.name == "Harbour Kitchen").scalar_subquery()
    return db.session.scalars(
        select(Channel.id).where(Channel.name == name, Channel.server_id == kitchen)
    ).one()


def test_the_demo_has_people_servers_and_messages(app: Flask) -> None:
    with app.app_context():
        seeded(app)
        counts = {
            model: db.session.scalar(select(func.count()).select_from(model))
            for model in (User, Server, Message)
        }
    assert counts[User] == len(PEOPLE) >= 24
    assert counts[Server] == 3
    assert counts[Message] > 50


def test_seeding_again_changes_nothing_and_gives_no_passwords(app: Flask) -> None:
    with app.app_context():
        seeded(app)
        before = db.session.scalar(select(func.max(Message.id)))
        db.session.rollback()
        assert seeded(app) == {}
        assert db.session.scalar(select(func.max(Message.id))) == before


def test_the_printed_passwords_sign_in(app: Flask) -> None:
    with app.app_context():
        passwords = seeded(app)
    for username, password in passwords.items():
        body = {"username": username, "password": password}
        answer = app.test_client().post("/api/v1/auth/login", json=body)
        assert answer.status_code == 200, answer.text


def test_the_other_accounts_cannot_sign_in(app: Flask) -> None:
    with app.app_context():
        seeded(app)
    body = {"username": "aiko", "password": "!"}
    assert app.test_client().post("/api/v1/auth/login", json=body).status_code in (401, 422)


def test_the_rules_of_the_demo_hold(app: Flask) -> None:
    with app.app_context():
        seeded(app)
        tomas, mara, dana, emre = map(user_id, (MEMBER, OWNER, "dana", "emre"))
        check = permissions.check_permission
        general, announcements, staff = map(channel_id, ("general", "announcements", "staff"))
        assert check(tomas, "message.send", "channel", general)
        assert not check(tomas, "message.send", "channel", announcements)
        assert check(mara, "message.send", "channel", announcements)
        assert check(dana, "message.send", "channel", announcements)
        assert not check(tomas, "channel.read", "channel", staff)
        assert check(emre, "channel.read", "channel", staff), "a steward inherits from moderators"
        assert not check(mara, "platform.view")
        assert check(user_id("admin"), "platform.view"), "an administrator inherits from operators"


def test_seeding_is_on_record_and_roles_are_unique(app: Flask) -> None:
    with app.app_context():
        seeded(app)
        actions = db.session.scalars(select(AuditRecord.action)).all()
        assert "seed.demo" in actions
        everyone = select(func.count()).select_from(Role).where(Role.is_default)
        assert db.session.scalar(everyone) == 3
