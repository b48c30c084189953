"""``Yoto(app, ..., control_plane=True)``: a control plane beside somebody else's application."""

from __future__ import annotations

import json
import logging
import re
import secrets
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click import Group
from flask import Flask, Response, abort, redirect, request, session
from flask.testing import FlaskClient
from sqlalchemy import String, create_engine, select
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    scoped_session,
    sessionmaker,
)

from tests.support.redis_servers import Server
from tests.support.waiting import wait_until
from yoto import (
    ConfigurationError,
    RateLimitConfig,
    Yoto,
    assign_permissions_to_role,
    assign_roles_to_user,
    people,
    rate_limit,
    register_permission,
    register_role,
    require_permission,
)
from yoto.cli.tables import yoto as commands_of_tables
from yoto.embed.plane import plane_of
from yoto.fleet import Fleet, WorkerState
from yoto.monitor import Monitor
from yoto.rooms.policies import BehaviourWatch
from yoto.sealing import secret_keys
from yoto.store.db import db, is_writing
from yoto.store.models import User

ORDER, TILL = "order.refund", "till.open"
MARK = {"Shop": "yes"}
KEY, OTHER_KEY = "only the tests of the shop use it", "another one that only they use"
GRADES = {"vera": "view", "olga": "operate", "anna": "admin"}


class Base(DeclarativeBase):
    """The shop's own."""


class Person(Base):
    """Somebody who works in the shop."""

    __tablename__ = "people"

    person_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    email: Mapped[str] = mapped_column(String(100), unique=True)
    active: Mapped[bool] = mapped_column(default=True)


class Shop:
    """An application that signs people in by a session, and refuses every POST without its mark."""

    def __init__(self, url: str, redis: str, folder: Path, **options: Any) -> None:
        self.engine = create_engine(url)
        self.session: scoped_session[Session] = scoped_session(sessionmaker(self.engine))
        Base.metadata.create_all(self.engine)
        self.app = app = Flask("shop", instance_path=str(folder))
        app.secret_key = KEY
        app.config["YOTO_REDIS_URL"] = redis
        app.config["YOTO_REDIS_KEY_PREFIX"] = f"test-shop-{secrets.token_hex(4)}:"
        app.config["YOTO_WARM_UP_AT_START"] = False
        Yoto(
            app,
            db=self.session,
            guards={"search": {"rate_limit": RateLimitConfig(limit=2, window=3600)}},
            **{
                "users": people(Person, name="email", disabled=~Person.active),
                "caller": lambda: session.get("who"),
                "control_plane": True,
                "operators": self.grade,
                "sign_in": "login",
                "rooms": ["policies", "prefetch"],
            }
            | options,
        )

        @app.before_request
        def refuse_forged() -> None:
            if request.method == "POST" and request.headers.get("Shop") != "yes":
                abort(400)

        @app.errorhandler(404)
        def not_here(_: Exception) -> tuple[str, int]:
            return "the shop has no such page", 404

        @app.route("/login", methods=["GET", "POST"])
        def login() -> Any:
            if request.method == "GET":
                return f"sign in, then go to {request.args.get('next')}"
            session["who"], session["name"] = request.form["id"], request.form["name"]
            return redirect(request.args.get("next", "/"), 303)

        @app.post("/refund")
        @require_permission(ORDER)
        def refund() -> dict[str, bool]:
            return {"refunded": True}

        @app.post("/till")
        @require_permission(TILL)
        def till() -> dict[str, bool]:
            return {"open": True}

        @app.get("/search")
        @rate_limit("search")
        def search() -> dict[str, list[str]]:
            return {"found": []}

        @app.get("/broken")
        def broken() -> Response:
            abort(503)

    @staticmethod
    def grade() -> str | None:
        return GRADES.get(session.get("name", ""))

    def add(self, name: str) -> uuid.UUID:
        person = Person(email=f"{name}@shop.example")
        self.session.add(person)
        self.session.commit()
        return person.person_id

    def signed_in(self, name: str) -> FlaskClient:
        client = self.app.test_client()
        who = self.session.query(Person).filter_by(email=f"{name}@shop.example").one_or_none()
        key = self.add(name) if who is None else who.person_id
        self.session.remove()
        form = {"id": str(key), "name": name}
        assert client.post("/login", data=form, headers=MARK).status_code == 303
        return client

    def close(self) -> None:
        Yoto.close(self.app)
        self.session.remove()
        self.engine.dispose()


@pytest.fixture
def shop(url: str, valkey_server: Server, tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(url, valkey_server.url, tmp_path)
    try:
        made = shop.app.test_cli_runner().invoke(args=["yoto", "setup"])
        assert made.exit_code == 0, made.output
        assert re.search(r"policies: \d+ stored", made.output)
        with shop.app.app_context():
            register_permission(ORDER, scope="global")
            register_permission(TILL, scope="global", abac=True)
        yield shop
    finally:
        shop.close()


def allow(shop: Shop, name: str) -> None:
    """Let somebody refund."""
    who = shop.session.query(Person).filter_by(email=f"{name}@shop.example").one().person_id
    with shop.app.app_context():
        [role] = register_role("clerk").ids
        assign_permissions_to_role(role, [ORDER, TILL])
        assign_roles_to_user(who, [role])
    shop.session.remove()


def change(client: FlaskClient, method: str, path: str, **body: Any) -> Any:
    """A change as a page of the control plane makes it that has just seen what it is of."""
    seen = client.get(f"/control/api{path}").headers.get("ETag", '"0"')
    token = client.get("/control/api/session").json["csrf_token"]
    headers = {"X-CSRF-Token": token, "If-Match": seen}
    return client.open(f"/control/api{path}", method=method, json=body, headers=headers)


def test_who_operates_sees_the_dashboard(shop: Shop) -> None:
    answer = shop.signed_in("vera").get("/control/")
    assert answer.status_code == 200
    assert "vera@shop.example" in answer.text
    [style, *_] = re.findall(r'href="(/static/[0-9a-f]{16}/control/[^"]+\.css)"', answer.text)
    sheet = shop.app.test_client().get(style)
    assert (sheet.mimetype, sheet.cache_control.immutable) == ("text/css", True)


def test_a_redirect_to_the_spelling_of_a_page_names_no_host(shop: Shop) -> None:
    answer = shop.app.test_client().get("/control?a=b", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers["Location"]) == (308, "/control/?a=b")


def test_nobody_else_is_let_in(shop: Shop) -> None:
    nobody, clerk = shop.app.test_client(), shop.signed_in("carl")
    to_sign_in = nobody.get("/control/guards", follow_redirects=True)
    assert to_sign_in.text == "sign in, then go to /control/guards"
    assert nobody.get("/control/api/status").status_code == 401
    assert clerk.get("/control/").status_code == 403
    assert clerk.get("/control/api/status").json["reason"] == "not_granted"


def test_each_may_do_what_the_application_says(shop: Shop) -> None:
    statuses = {}
    for name in GRADES:
        client = shop.signed_in(name)
        level = change(client, "PUT", "/log-level", level="INFO", reason="a busy evening")
        pause = change(client, "POST", "/prefetch/pause", reason="a busy evening")
        statuses[name] = (level.status_code, pause.status_code)
    assert statuses == {"vera": (403, 403), "olga": (403, 200), "anna": (200, 200)}


def test_no_change_comes_from_a_page_of_another_site(shop: Shop) -> None:
    client = shop.signed_in("anna")
    sent = client.post(
        "/control/api/cache/invalidate", json={"kind": "all", "reason": "from elsewhere"}
    )
    assert sent.status_code == 403
    assert sent.json["type"] == "urn:yoto:problem:forbidden"


def test_a_limit_that_an_operator_sets_holds_in_the_application(shop: Shop) -> None:
    client = shop.app.test_client()
    assert [client.get("/search").status_code for _ in range(3)] == [200, 200, 429]
    operator = shop.signed_in("anna")
    raised = change(
        operator,
        "PUT",
        "/config/rate_limit/search",
        values={"limit": 9, "window": 3600},
        reason="a busy evening",
    )
    assert raised.status_code == 200, raised.text
    wait_until(lambda: client.get("/search").status_code == 200)
    [record] = operator.get("/control/api/audit?action=resilience.config.set").json["items"]
    assert record["actor"]["username"] == "anna@shop.example"
    assert record["reason"] == "a busy evening"


def test_maintenance_closes_what_asks_for_a_permission(shop: Shop) -> None:
    clerk, operator = shop.signed_in("carl"), shop.signed_in("olga")
    allow(shop, "carl")
    assert clerk.post("/refund", headers=MARK).status_code == 200
    for enabled, status in ((True, 503), (False, 200)):
        body = {
            "enabled": enabled,
            "reason": "the till is counted",
            "confirm": "maintenance",
        }
        assert change(operator, "PUT", "/maintenance/mode", **body).status_code == 200
        wait_until(lambda: clerk.post("/refund", headers=MARK).status_code == status)
        assert clerk.get("/login").status_code == 200


def test_records_name_an_operator_who_is_none_of_the_people(shop: Shop) -> None:
    client, stranger = shop.app.test_client(), str(uuid.uuid4())
    client.post("/login", data={"id": stranger, "name": "olga"}, headers=MARK)
    assert client.get("/control/").status_code == 200
    assert change(client, "POST", "/prefetch/pause", reason="a quiet day").status_code == 200
    [record] = client.get("/control/api/audit?subject=switch:prefetch.fetching").json["items"]
    assert (record["actor"], record["after"]["via"]) == (None, f"operator:{stranger}")


def test_a_session_of_the_application_is_none_of_the_control_plane(shop: Shop) -> None:
    client = shop.signed_in("anna")
    with client.session_transaction() as own:
        own["csrf"] = "what a form of the shop chose"
    cookie = client.get_cookie("session")
    assert cookie is not None
    client.set_cookie("yoto_session", cookie.value)
    forged = client.post(
        "/control/api/prefetch/pause",
        json={"reason": "from elsewhere"},
        headers={"X-CSRF-Token": "what a form of the shop chose"},
    )
    assert forged.status_code == 403


def test_a_verdict_is_explained_by_name(shop: Shop) -> None:
    clerk, operator = shop.signed_in("carl"), shop.signed_in("olga")
    assert clerk.post("/refund", headers=MARK).status_code == 403
    allow(shop, "carl")
    assert clerk.post("/refund", headers=MARK).status_code == 200
    [found] = operator.get("/control/api/users?search=carl").json["items"]
    assert found["username"] == "carl@shop.example"
    question = {"user_id": found["id"], "permission": ORDER}
    answer = change(operator, "POST", "/explain", **question)
    assert answer.json["allowed"] is True, answer.text
    assert change(shop.signed_in("vera"), "POST", "/explain", **question).status_code == 403
    who = operator.get(f"/control/api/search/who?permission={ORDER}").json
    assert [one["username"] for one in who["items"]] == ["carl@shop.example"]


def test_policies_judge_the_permissions_of_the_application(shop: Shop) -> None:
    clerk, operator = shop.signed_in("carl"), shop.signed_in("anna")
    allow(shop, "carl")
    assert clerk.post("/till", headers=MARK).status_code == 200
    source = f"""package yoto.authz

deny contains "till_closed" if input.action.name == "{TILL}"
"""
    body = {"source": source, "reason": "the till is closed"}
    stored = change(operator, "PUT", "/policies/tills", **body)
    assert stored.status_code == 200, stored.text

    def reason() -> str | None:
        return (clerk.post("/till", headers=MARK).json or {}).get("reason")

    wait_until(lambda: reason() == "till_closed")


def test_requests_of_the_application_are_counted(shop: Shop) -> None:
    client, operator = shop.app.test_client(), shop.signed_in("vera")
    for _ in range(30):
        client.get("/broken")
    failed = re.compile(r'yoto_http_requests_total\{area="none",status="5xx"\} 30.0')
    wait_until(lambda: failed.search(operator.get("/control/metrics").text))


def test_the_level_that_operators_set_is_that_of_the_platforms_lines(shop: Shop) -> None:
    own, logger = logging.getLogger("shop").getEffectiveLevel(), logging.getLogger("yoto")
    operator = shop.signed_in("anna")
    body = {"level": "ERROR", "reason": "a noisy evening"}
    assert change(operator, "PUT", "/log-level", **body).json["configured"] != "ERROR"
    wait_until(lambda: logger.level == logging.ERROR)
    assert operator.get("/control/api/log-level").json["in_force"] == "ERROR"
    assert logging.getLogger("shop").getEffectiveLevel() == own


def test_what_people_do_counts_for_their_risk(shop: Shop) -> None:
    clerk = shop.signed_in("carl")
    assert clerk.post("/refund", headers=MARK).status_code == 403
    allow(shop, "carl")
    assert clerk.post("/refund", headers=MARK).status_code == 200
    with plane_of(shop.app).app_context():
        [carl] = db.session.scalars(select(User.id).where(User.username.startswith("carl"))).all()
        seen = BehaviourWatch.of(plane_of(shop.app)).counters.look(carl, None)
        assert (round(seen.denials), round(seen.acts)) == (1, 1)


def test_the_application_answers_as_before(shop: Shop) -> None:
    client = shop.app.test_client()
    missing = client.get("/nowhere")
    assert (missing.status_code, missing.text) == (404, "the shop has no such page")
    assert client.post("/refund").status_code == 400
    searched = client.get("/search")
    assert "Content-Security-Policy" not in searched.headers
    assert "X-Request-ID" not in searched.headers
    # Routes and settings of the control plane are none of the application's.
    assert not any(rule.rule.startswith("/control") for rule in shop.app.url_map.iter_rules())
    assert not shop.app.config.keys() & {"POLICY_ENGINE", "MONITOR", "CONTROL_API_TITLE"}


def test_a_change_leaves_no_mark_on_the_thread_that_serves_the_next_request(shop: Shop) -> None:
    operator = shop.signed_in("olga")
    assert change(operator, "POST", "/prefetch/pause", reason="a quiet day").status_code == 200
    # On SQLite a reader would keep all writers waiting.
    assert not is_writing()


def test_commands_on_permissions_are_in_this_application_alone(shop: Shop) -> None:
    def shown(commands: Group, *args: str) -> str:
        return shop.app.test_cli_runner().invoke(commands, [*args, "--help"]).output

    # A model as a file is tested with no application at all; verdicts need one.
    own = shop.app.cli.commands["yoto"]
    assert isinstance(own, Group)
    assert "check" in shown(own, "permission")
    assert "check" not in shown(commands_of_tables, "permission")
    assert "test" in shown(commands_of_tables, "permission")


def test_two_guards_are_compared_by_a_command(shop: Shop) -> None:
    named = ["rate_limit:search", "rate_limit:permission.ask"]
    ran = shop.app.test_cli_runner().invoke(args=["yoto", "guards", "diff", *named, "--json"])
    assert ran.exit_code == 0, ran.output
    found = json.loads(ran.stdout)
    assert (found["first"]["name"], found["second"]["name"]) == ("search", "permission.ask")


def test_after_an_end_the_next_request_begins_the_work_in_the_background_again(shop: Shop) -> None:
    def works() -> tuple[bool, bool]:
        fleet = Fleet.of(shop.app)
        worker = fleet.get(fleet.id)
        live = worker is not None and worker.state is WorkerState.LIVE
        return live, Monitor.of(shop.app).running

    for _ in range(2):
        shop.app.test_client().get("/search")
        wait_until(lambda: works() == (True, True))
        Yoto.close(shop.app)
        wait_until(lambda: works() == (False, False))


def test_a_worker_that_drains_says_so(shop: Shop) -> None:
    operator = shop.signed_in("olga")
    assert operator.get("/control/readyz").json["status"] == "ok"
    wait_until(lambda: operator.get("/control/api/instances").json["items"])
    [worker] = operator.get("/control/api/instances").json["items"]
    path = f"/instances/{worker['id']}/drain"
    assert change(operator, "POST", path, seconds=60, reason="a new version").status_code == 200
    wait_until(lambda: operator.get("/control/readyz").json["status"] == "draining")


def test_without_tables_it_says_what_to_run(valkey_server: Server, tmp_path: Path) -> None:
    shop = Shop(f"sqlite:///{tmp_path}/shop.db", valkey_server.url, tmp_path)
    try:
        ready = shop.app.test_client().get("/control/readyz")
        assert ready.status_code == 503
        assert "flask yoto setup" in ready.json["failed"]["migrations"]
    finally:
        shop.close()


def test_it_can_be_anywhere(valkey_server: Server, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/shop.db"
    shop = Shop(url, valkey_server.url, tmp_path, control_plane="/internal")
    try:
        assert shop.app.test_cli_runner().invoke(args=["yoto", "setup"]).exit_code == 0
        client = shop.signed_in("vera")
        assert client.get("/control/").status_code == 404
        page = client.get("/internal/control/")
        assert page.status_code == 200
        assert 'href="/internal/control/guards"' in page.text
        assert client.get("/internal/control").headers["Location"] == "/internal/control/"
        [style] = re.findall(r'href="(/internal/static/[0-9a-f]+/control/yoto.css)"', page.text)
        assert client.get(style).status_code == 200
        assert client.get("/internal/static/control/yoto.css").status_code == 200
    finally:
        shop.close()


class Keeper(Base):
    """Somebody whom a number names, as most are."""

    __tablename__ = "keepers"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))


def test_a_session_may_have_the_number_of_somebody_as_text(
    url: str, valkey_server: Server, tmp_path: Path
) -> None:
    options = {"users": people(Keeper, name="name"), "operators": lambda: "view"}
    shop = Shop(url, valkey_server.url, tmp_path, **options, caller=lambda: "7")
    try:
        made = shop.app.test_cli_runner().invoke(args=["yoto", "setup"])
        assert made.exit_code == 0, made.output
        shop.session.add(Keeper(id=7, name="Kim"))
        shop.session.commit()
        assert "Kim" in shop.app.test_client().get("/control/").text
    finally:
        shop.close()


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"operators": None, "sign_in": "login"}, "sign_in"),
        ({"db": None}, "control_plane"),
        ({"secret_key": None}, "SECRET_KEY"),
        ({"settings": {"YOTO_MONITOR_INTERVAL": "often"}}, "YOTO_MONITOR_INTERVAL"),
        ({"settings": {"YOTO_SECRET_KEY_FALLBACK": KEY}}, "YOTO_SECRET_KEY_FALLBACK"),
        (
            {"settings": {"YOTO_SECRET_KEY": OTHER_KEY, "YOTO_SECRET_KEY_FALLBACK": OTHER_KEY}},
            "YOTO_SECRET_KEY_FALLBACK",
        ),
    ],
)
def test_what_is_missing_or_wrong_is_named(
    options: dict[str, Any], key: str, valkey_server: Server, tmp_path: Path
) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/shop.db")
    app = Flask("shop", instance_path=str(tmp_path))
    app.config["YOTO_REDIS_URL"] = valkey_server.url
    app.config |= options.pop("settings", {})
    app.secret_key = options.pop("secret_key", KEY)
    wishes = {
        "db": scoped_session(sessionmaker(engine)),
        "users": people(Person, name="email"),
        "control_plane": True,
        "operators": lambda: None,
    }
    with pytest.raises(ConfigurationError) as caught:
        Yoto(app, **wishes | options)
    assert caught.value.key == key
    engine.dispose()


@pytest.mark.parametrize(
    ("settings", "keys"),
    [
        ({}, [KEY, "of before"]),
        ({"YOTO_SECRET_KEY_FALLBACK": OTHER_KEY}, [KEY, OTHER_KEY, "of before"]),
        ({"YOTO_SECRET_KEY": OTHER_KEY}, [OTHER_KEY]),
        (
            {"YOTO_SECRET_KEY": OTHER_KEY, "YOTO_SECRET_KEY_FALLBACK": KEY},
            [OTHER_KEY, KEY],
        ),
    ],
)
def test_what_the_key_of_the_host_accepts_beside_it_its_control_plane_accepts_too(
    settings: dict[str, str], keys: list[str], valkey_server: Server, tmp_path: Path
) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/shop.db")
    app = Flask("shop", instance_path=str(tmp_path))
    app.config["YOTO_REDIS_URL"] = valkey_server.url
    app.config.update(SECRET_KEY=KEY, SECRET_KEY_FALLBACKS=["of before"], **settings)
    wishes = {"db": scoped_session(sessionmaker(engine)), "operators": lambda: None}
    Yoto(app, users=people(Person, name="email"), control_plane=True, **wishes)
    try:
        assert secret_keys(plane_of(app).config) == keys
    finally:
        Yoto.close(app)
        engine.dispose()


def test_every_page_and_route_answers(shop: Shop) -> None:
    client, plane = shop.signed_in("anna"), plane_of(shop.app)
    rules = [one for one in plane.url_map.iter_rules() if "GET" in (one.methods or ())]
    paths = [one.rule for one in rules if not one.arguments and one.rule.startswith("/control")]
    assert len(paths) > 40
    wrong = {}
    for path in paths:
        with client.get(path) as answer:
            text = answer.text
        # Some want to know more than the address says.
        if answer.status_code not in {*range(400), 422}:
            wrong[path] = (answer.status_code, text[:300])
    assert wrong == {}
