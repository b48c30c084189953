"""``examples/flask_login``: a library with people of its own, on a scoped session of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.example import Example, Visitor
from tests.support.installed import Environment, Served
from tests.support.redis_servers import Server
from tests.support.require import LONG
from tests.support.waiting import wait_until

pytestmark = LONG

MOST_LINES = 15
PEOPLE = """
from library import create_app
from library.db import session
from library.members import Member
from werkzeug.security import generate_password_hash

with create_app().app_context():
    for name in ("mara", "tomas"):
        session.add(Member(email=f"{name}@example.org", password=generate_password_hash(name)))
    session.commit()
"""
ROLES = """
from library import create_app
from library.members import member_called
from yoto import assign_roles_to_user, list_registered_roles, revoke_roles_from_user

with create_app().app_context():
    [desk] = [role.id for role in list_registered_roles() if role.name == "desk"]
    {act}(member_called("{name}@example.org").id, [desk], reason="a new week")
"""


@pytest.fixture
def library(with_people: Environment, valkey_server: Server, tmp_path: Path) -> Example:
    return Example(
        "flask_login",
        tmp_path,
        with_people,
        valkey_server.url,
        package="library",
        SECRET_KEY="of a test",
    )


def signed_in(server: Served, name: str) -> Visitor:
    visitor = Visitor(server)
    fields = {"email": f"{name}@example.org", "password": name}
    assert visitor.post("/login", fields).status == 200
    return visitor


def test_without_the_change_every_member_may_do_everything(library: Example) -> None:
    library.undo()
    library.python(PEOPLE)
    with library.served() as server:
        assert signed_in(server, "tomas").status("/fines/1/waive") == 200
        assert Visitor(server).status("/fines/1/waive") == 401


def test_the_change_is_small(library: Example) -> None:
    assert 0 < len(library.changed_lines()) <= MOST_LINES


def test_members_may_do_what_their_roles_allow(library: Example) -> None:
    assert "0010" in library.flask("yoto", "setup")
    library.python(PEOPLE)
    library.as_the_guide_says()
    with library.served() as server:
        mara, tomas = signed_in(server, "mara"), signed_in(server, "tomas")
        assert mara.status("/fines/1/waive") == 200
        assert Visitor(server).status("/fines/1/waive") == 401
        refused = tomas.post("/fines/1/waive")
        assert (refused.status, refused.json()["reason"]) == (403, "not_granted")
        assert refused.headers["Content-Type"] == "application/problem+json"

        library.python(ROLES.format(act="assign_roles_to_user", name="tomas"))
        wait_until(lambda: tomas.status("/fines/1/waive") == 200, what="the role to count")
        # The application's word on its people counts with the next request.
        assert mara.status("/members/tomas@example.org/bar") == 200
        refused = tomas.post("/fines/1/waive")
        assert (refused.status, refused.json()["reason"]) == (403, "disabled")
        library.python(ROLES.format(act="revoke_roles_from_user", name="mara"))
        wait_until(lambda: mara.status("/fines/1/waive") == 403, what="the role to be gone")

        found = [mara.get("/books?q=small") for _ in range(6)]
        assert [one.status for one in found] == [200] * 5 + [429]
        assert found[0].headers["RateLimit"].startswith('"user";r=4')
        assert 0 < int(found[-1].headers["Retry-After"]) <= 60
        # Each is counted apart.
        assert tomas.get("/books?q=small").json() == {"found": ["Small Gods"]}
