"""``examples/flask_security``: a newsroom whose people are those of Flask-Security."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.example import Example, Visitor
from tests.support.installed import Environment, Served
from tests.support.redis_servers import Server
from tests.support.require import LONG
from tests.support.waiting import wait_until

pytestmark = LONG

MOST_LINES = 15
PASSWORD = "correct horse"
TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')
PEOPLE = f"""
from flask_security import hash_password
from newsroom import create_app
from newsroom.models import db

app = create_app()
with app.app_context():
    for name in ("ada", "tim"):
        app.extensions["security"].datastore.create_user(
            email=f"{{name}}@example.org", password=hash_password("{PASSWORD}")
        )
    db.session.commit()
"""
DISMISS = """
from newsroom import create_app
from newsroom.models import User, db
from yoto import list_registered_roles, revoke_roles_from_user

with create_app().app_context():
    [editor] = [role.id for role in list_registered_roles() if role.name == "editor"]
    ada = db.session.scalars(db.select(User).filter_by(email="ada@example.org")).one()
    revoke_roles_from_user(ada.id, [editor], reason="she went to sea")
"""


@pytest.fixture
def newsroom(with_people: Environment, valkey_server: Server, tmp_path: Path) -> Example:
    return Example(
        "flask_security",
        tmp_path,
        with_people,
        valkey_server.url,
        package="newsroom",
        SECRET_KEY="of a test",
        PASSWORD_SALT="of a test",
    )


def signed_in(server: Served, name: str) -> Visitor:
    """By the form, as in a browser."""
    visitor = Visitor(server)
    form = TOKEN.search(visitor.get("/login").data.decode())
    assert form is not None
    fields = {"email": f"{name}@example.org", "password": PASSWORD, "csrf_token": form[1]}
    assert visitor.post("/login", fields).status == 302
    return visitor


def test_without_the_change_everybody_may_publish(newsroom: Example) -> None:
    newsroom.undo()
    newsroom.python(PEOPLE)
    with newsroom.served() as server:
        tim = signed_in(server, "tim")
        assert tim.status("/articles", {"title": "Rain"}) == 201
        assert tim.status("/articles/1/publish") == 200


def test_the_change_is_small(newsroom: Example) -> None:
    assert 0 < len(newsroom.changed_lines()) <= MOST_LINES


def test_people_may_do_what_their_roles_allow(newsroom: Example) -> None:
    assert "0010" in newsroom.flask("yoto", "setup")
    newsroom.python(PEOPLE)
    newsroom.as_the_guide_says()
    with newsroom.served() as server:
        ada, tim, nobody = signed_in(server, "ada"), signed_in(server, "tim"), Visitor(server)
        assert ada.status("/articles", {"title": "Rain"}) == 201
        assert ada.status("/articles/1/publish") == 200
        refused = tim.post("/articles/1/publish")
        assert (refused.status, refused.json()["permission"]) == (403, "article.publish")
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert nobody.post("/articles/1/publish", Accept="application/json").status == 401
        assert "/login" in nobody.post("/articles/1/publish").headers["Location"]
        assert nobody.get("/articles").json() == [{"id": 1, "title": "Rain"}]

        written = [ada.post("/articles", json={"title": "Snow"}) for _ in range(3)]
        assert [one.status for one in written] == [201, 201, 429]
        assert written[0].headers["RateLimit"].startswith('"user";r=1')
        assert 0 < int(written[-1].headers["Retry-After"]) <= 60

        newsroom.python(DISMISS)
        wait_until(lambda: ada.status("/articles/1/publish") == 403, what="the role to be gone")
