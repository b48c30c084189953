"""``examples/existing_admin``: the control plane beside Flask-Admin, for people signed in there."""

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
LIMIT = "/control/api/config/rate_limit/order"
PEOPLE = """
from shop import create_app
from shop.models import Administrator, db
from werkzeug.security import generate_password_hash

with create_app().app_context():
    for name, duty in (("ann", "owner"), ("sue", "support"), ("pat", "packer")):
        password, email = generate_password_hash(name), f"{name}@shop.example"
        db.session.add(Administrator(email=email, password=password, duty=duty))
    db.session.commit()
"""


@pytest.fixture
def shop(with_control_plane: Environment, valkey_server: Server, tmp_path: Path) -> Example:
    return Example(
        "existing_admin",
        tmp_path,
        with_control_plane,
        valkey_server.url,
        package="shop",
        SECRET_KEY="of a test, and long enough for it",
    )


def signed_in(server: Served, name: str, page: str = "/sign-in") -> Visitor:
    visitor = Visitor(server)
    answer = visitor.post(page, {"email": f"{name}@shop.example", "password": name})
    assert answer.status == 303
    return visitor


def test_without_the_change_there_is_flask_admin_alone(shop: Example) -> None:
    shop.undo()
    shop.python(PEOPLE)
    with shop.served() as server:
        ann = signed_in(server, "ann")
        assert ann.get("/admin/").status == 200
        assert ann.get("/control/").status == 404


def test_the_change_is_small(shop: Example) -> None:
    assert 0 < len(shop.changed_lines()) <= MOST_LINES


def test_who_operates_is_said_by_the_application(shop: Example) -> None:
    assert "policies" in shop.flask("yoto", "setup")
    shop.python(PEOPLE)
    with shop.served() as server:
        nobody = Visitor(server)
        assert nobody.get("/control/api/status").status == 401
        led = nobody.get("/control/")
        assert led.status == 303
        form = nobody.get(led.headers["Location"])
        assert (form.status, form.headers["Location"]) == (303, "/sign-in?next=/control/")

        ann = signed_in(server, "ann", form.headers["Location"])
        page = ann.get("/control/")
        assert page.status == 200
        assert "ann@shop.example" in page.data.decode()
        pat = signed_in(server, "pat")
        assert [pat.get(path).status for path in ("/control/", "/control/api/status")] == [403] * 2
        assert [one.get("/admin/order/").status for one in (ann, pat)] == [200] * 2
        assert nobody.get("/admin/").status == 302

        ordered = nobody.post("/orders", {"title": "Small Gods"})
        assert ordered.headers["RateLimit"].startswith('"ip";r=59')
        assert ann.get(LIMIT).json()["values"]["limit"] == 60
        assert _lowers(ann, 1) == 200
        wait_until(lambda: nobody.status("/orders") == 429, what="the new limit to hold")
        # Support looks, and changes nothing.
        sue = signed_in(server, "sue")
        assert sue.get("/control/").status == 200
        assert _lowers(sue, 2) == 403


def test_the_pages_have_their_files_from_the_wheel(shop: Example) -> None:
    shop.flask("yoto", "setup")
    shop.python(PEOPLE)
    with shop.served() as server:
        ann = signed_in(server, "ann")
        page = ann.get("/control/").data.decode()
        named = set(re.findall(r'"(/[^"]+[.](?:js|css))"', page))
        assert {Path(one).suffix for one in named} >= {".js", ".css"}
        assert {one: ann.get(one).status for one in named} == dict.fromkeys(named, 200)


def _lowers(who: Visitor, limit: int) -> int:
    """With what it is answered if somebody changes the limit on orders."""
    seen = who.get(LIMIT).headers["ETag"]
    token = who.get("/control/api/session").json()["csrf_token"]
    body = {"values": {"limit": limit}, "reason": "a quiet evening"}
    return who.put(LIMIT, body, **{"X-CSRF-Token": token, "If-Match": seen}).status
