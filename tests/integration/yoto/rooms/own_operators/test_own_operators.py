"""``Yoto(app, ..., control_plane=True)`` where operators are in the platform's own table."""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, select
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    scoped_session,
    sessionmaker,
)
from werkzeug.test import TestResponse

from tests.integration.yoto.control_plane.test_routes import HOSTILE
from tests.support.redis_servers import Server
from yoto import Yoto
from yoto.auth.failed_sign_ins import failures_of
from yoto.auth.guessing import SIGN_INS_OF_ADDRESS_TO_ACCOUNT
from yoto.control_plane.navigation import pages_of
from yoto.embed.plane import plane_of
from yoto.errors import LastAdministrator
from yoto.parts.rooms import ALL, chosen
from yoto.room import rooms_of
from yoto.rooms.own_operators import accounts, passwords
from yoto.rooms.own_operators import sign_in as operators_session
from yoto.rooms.own_operators.model import PlatformOperator
from yoto.store.columns import utcnow
from yoto.store.models import AuditRecord

PASSWORD = "correct horse battery"
SIGN_IN = "/control/sign-in"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
HINT = "flask yoto operators add NAME --right platform.admin"


class Base(DeclarativeBase):
    """The shop's own."""


class Customer(Base):
    """Somebody who buys; none of them operates anything."""

    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)


class Browser:
    """Somebody who opens pages and fills forms in."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()

    def get(self, path: str, follow: bool = False, **headers: str) -> TestResponse:
        return self.client.get(path, headers=headers, follow_redirects=follow)

    def token(self, page: str = SIGN_IN) -> str:
        found = TOKEN.search(self.get(page).text)
        assert found, f"{page} has no form"
        return found[1]

    def sign_in(
        self, name: str = "mara", password: str = PASSWORD, at: str = SIGN_IN
    ) -> TestResponse:
        form = {"csrf_token": self.token(), "username": name, "password": password}
        return self.client.post(at, data=form)

    def sign_out(self) -> TestResponse:
        form = {"csrf_token": self.token("/control/status")}
        return self.client.post("/control/sign-out", data=form)

    def change(self, path: str, **body: Any) -> TestResponse:
        token = self.get("/control/api/session").get_json()["csrf_token"]
        headers = {"X-CSRF-Token": token}
        return self.client.post(f"/control/api{path}", json=body, headers=headers)

    def is_in(self) -> bool:
        return self.get("/control/").status_code == 200


class Shop:
    """An application that has no accounts for operators."""

    def __init__(
        self, url: str, redis: str, folder: Path, control_plane: bool | str = True
    ) -> None:
        self.engine = create_engine(url)
        self.session: scoped_session[Session] = scoped_session(sessionmaker(self.engine))
        Base.metadata.create_all(self.engine)
        self.app = app = Flask("shop", instance_path=str(folder))
        app.secret_key = "only the tests of the shop use it"
        app.config["YOTO_REDIS_URL"] = redis
        app.config["YOTO_REDIS_KEY_PREFIX"] = f"test-shop-{secrets.token_hex(4)}:"
        app.config["YOTO_WARM_UP_AT_START"] = False
        # The warm-up has acts that change nothing and take the right to operate.
        rooms = ["policies", "warm_up"]
        Yoto(app, db=self.session, users=Customer, control_plane=control_plane, rooms=rooms)

    def run(self, *args: str, password: str | None = None) -> Any:
        given = None if password is None else f"{password}\n"
        return self.app.test_cli_runner().invoke(args=["yoto", *args], input=given)

    def ran(self, *args: str, password: str | None = None) -> str:
        result = self.run(*args, password=password)
        assert result.exit_code == 0, result.output
        return str(result.output)

    def add(self, name: str = "mara", right: str = "platform.admin") -> None:
        self.ran("operators", "add", name, "--right", right, password=PASSWORD)

    def browser(self) -> Browser:
        return Browser(self.app)

    def audited(self, action: str) -> AuditRecord:
        """The last such record."""
        with Session(self.engine) as session:
            newest = AuditRecord.id.desc()
            found = session.scalars(
                select(AuditRecord).where(AuditRecord.action == action).order_by(newest).limit(1)
            ).one()
            session.expunge(found)
            return found

    def close(self) -> None:
        Yoto.close(self.app)
        self.session.remove()
        self.engine.dispose()


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap = "scrypt:1024:8:1"
    monkeypatch.setattr(passwords, "METHOD", cheap)
    monkeypatch.setattr(passwords, "NOBODYS", passwords.NOBODYS.replace(passwords.METHOD, cheap))


@pytest.fixture
def shop(url: str, valkey_server: Server, tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(url, valkey_server.url, tmp_path)
    try:
        assert HINT in shop.ran("setup")
        yield shop
    finally:
        shop.close()


def test_setup_says_how_the_first_operator_is_made_until_there_is_one(shop: Shop) -> None:
    assert HINT in shop.ran("setup") and HINT in shop.ran("operators", "list")
    shop.add()
    assert HINT not in shop.ran("setup")
    assert "mara" in shop.ran("operators", "list")


def test_an_operator_signs_in_and_sees_the_dashboard(shop: Shop) -> None:
    shop.add()
    browser = shop.browser()
    assert browser.get("/control/").headers["Location"] == SIGN_IN
    answer = browser.sign_in("Mara ")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/control/")
    page = browser.get("/control/")
    assert page.status_code == 200 and ">mara<" in page.text
    known = browser.get("/control/api/session").get_json()
    assert known["rights"] == ["platform.view", "platform.operate", "platform.admin"]
    assert known["user"]["username"] == "mara"
    assert shop.audited("control.sign_in").subject == "operator:mara"
    [listed] = json.loads(shop.ran("operators", "list", "--json"))
    assert listed["name"] == "mara" and listed["last_sign_in"] is not None
    assert browser.get(SIGN_IN).headers["Location"] == "/control/"


def test_the_session_is_for_the_pages_alone(shop: Shop) -> None:
    shop.add()
    answer = shop.browser().sign_in()
    [cookie] = [one for one in answer.headers.getlist("Set-Cookie") if "session" in one]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie


def test_what_does_not_belong_together_opens_nothing(shop: Shop) -> None:
    shop.add()
    shop.add("olga", "platform.operate")
    shop.ran("operators", "disable", "olga", "--reason", "on leave")
    browser = shop.browser()
    tries = [("mara", PASSWORD + "!"), ("olga", PASSWORD), ("nobody", PASSWORD), ("no body", "")]
    answers = [browser.sign_in(*one) for one in tries]
    assert [one.status_code for one in answers] == [422] * 4
    pages = (TOKEN.sub("", answer.text) for answer in answers)
    # Each keeps the name that was typed, and differs in nothing else.
    kept = {page.replace(f'value="{name}"', "") for page, (name, _) in zip(pages, tries)}
    assert len(kept) == 1 and "value=" not in kept.pop()
    assert not browser.is_in()


def test_texts_are_in_chinese_too(shop: Shop) -> None:
    shop.add()
    browser = shop.browser()
    page = browser.get(SIGN_IN, **{"Accept-Language": "zh-CN,zh"}).text
    assert 'lang="zh-Hans"' in page and "登录" in page and "仅限平台运维人员。" in page


def test_whoever_signed_in_goes_on_to_a_page_of_here_alone(shop: Shop) -> None:
    shop.add()
    for asked, led in (
        ("/control/guards?q=a", "/control/guards?q=a"),
        ("//evil.example/control/", "/control/"),
        ("https://evil.example", "/control/"),
    ):
        browser = shop.browser()
        page = browser.client.get(SIGN_IN, query_string={"next": asked}).text
        action = re.search(r'<form method="post" action="([^"]+)"', page)
        assert action is not None and "evil" not in action[1]
        assert browser.sign_in(at=action[1].replace("&amp;", "&")).headers["Location"] == led
    for hostile in HOSTILE:
        query = {"next": hostile}
        page = shop.browser().client.get(SIGN_IN, query_string=query).text
        assert f'action="{SIGN_IN}"' in page, hostile
        led_on = browser.client.get(SIGN_IN, query_string=query)
        assert led_on.headers["Location"] == "/control/", hostile


def test_a_form_of_another_site_neither_signs_in_nor_out(shop: Shop) -> None:
    shop.add()
    browser = shop.browser()
    form = {"username": "mara", "password": PASSWORD}
    assert browser.client.post(SIGN_IN, data=form).status_code == 403
    assert not browser.is_in()
    browser.sign_in()
    assert browser.client.post("/control/sign-out").status_code == 403
    assert browser.is_in()


def test_nothing_of_the_session_before_is_kept_and_a_copy_ends_with_signing_out(
    shop: Shop,
) -> None:
    shop.add()
    browser, thief = shop.browser(), shop.browser()
    before = browser.token()
    browser.sign_in()
    assert browser.get("/control/api/session").get_json()["csrf_token"] != before
    cookie = browser.client.get_cookie("yoto_session")
    assert cookie is not None
    thief.client.set_cookie("yoto_session", cookie.value)
    assert thief.is_in()
    assert browser.sign_out().headers["Location"] == SIGN_IN
    assert not browser.is_in() and not thief.is_in()


def test_what_the_application_signs_is_no_session_here(shop: Shop) -> None:
    shop.add()
    browser = shop.browser()
    browser.sign_in()
    with browser.client.session_transaction() as own:
        own |= {"operator": 1, "epoch": 0, "since": int(utcnow().timestamp())}
    signed = browser.client.get_cookie("session")
    assert signed is not None and browser.is_in()
    browser.client.set_cookie("yoto_session", signed.value)
    assert not browser.is_in()


def test_a_session_ends_after_twelve_hours(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.add()
    browser = shop.browser()
    browser.sign_in()
    now = utcnow()
    late = timedelta(hours=11, minutes=59)
    monkeypatch.setattr(operators_session, "utcnow", lambda: now + late)
    assert browser.is_in()
    monkeypatch.setattr(operators_session, "utcnow", lambda: now + timedelta(hours=12))
    assert not browser.is_in()


def test_who_is_disabled_is_out_at_once_and_stays_out(shop: Shop) -> None:
    shop.add()
    shop.add("olga", "platform.operate")
    browser = shop.browser()
    browser.sign_in("olga")
    assert browser.is_in()
    shop.ran("operators", "disable", "olga", "--reason", "on leave")
    assert browser.get("/control/").headers["Location"] == SIGN_IN
    assert browser.get("/control/api/session").status_code == 401
    shop.ran("operators", "enable", "olga", "--reason", "back again")
    assert not browser.is_in()
    browser.sign_in("olga")
    assert browser.is_in()


def test_rights_that_were_lowered_are_so_at_once(shop: Shop) -> None:
    shop.add()
    shop.add("olga", "platform.operate")
    browser = shop.browser()
    browser.sign_in("olga")
    act = {"reason": "a look at it"}
    assert browser.change("/maintenance/refresh", **act).status_code < 300
    shop.ran("operators", "rights", "olga", "platform.view", "--reason", "another desk")
    assert not browser.is_in()
    browser.sign_in("olga")
    refused = browser.change("/maintenance/refresh", **act)
    assert (refused.status_code, refused.get_json()["reason"]) == (403, "not_granted")


def test_another_password_ends_what_the_one_before_began(shop: Shop) -> None:
    shop.add()
    browser = shop.browser()
    browser.sign_in()
    shop.ran("operators", "password", "mara", password="battery staple horse")
    assert not browser.is_in()
    assert browser.sign_in().status_code == 422
    assert browser.sign_in(password="battery staple horse").status_code == 303


def test_who_was_removed_is_out_and_their_number_is_nobody_elses(shop: Shop) -> None:
    shop.add()
    shop.add("olga", "platform.operate")
    browser = shop.browser()
    browser.sign_in("olga")
    shop.ran("operators", "remove", "olga", "--reason", "left us")
    assert not browser.is_in()
    shop.add("olga", "platform.operate")
    assert not browser.is_in()


def test_guessing_is_limited_and_others_are_let_in(shop: Shop) -> None:
    shop.add()
    shop.add("olga", "platform.operate")
    browser = shop.browser()
    for number in range(int(SIGN_INS_OF_ADDRESS_TO_ACCOUNT.limit or 0)):
        assert browser.sign_in(password=f"a wrong guess {number}").status_code == 422
    refused = browser.sign_in()
    assert refused.status_code == 429 and int(refused.headers["Retry-After"]) > 0
    assert refused.mimetype == "text/html" and "Too many attempts" in refused.text
    assert not browser.is_in()
    assert browser.sign_in("olga").status_code == 303


def test_failures_are_audited_by_the_name_and_strangers_leave_nothing(shop: Shop) -> None:
    shop.add()
    browser = shop.browser()
    for name in ("mara", "mara", "nobody"):
        assert browser.sign_in(name, "a wrong guess").status_code == 422
    assert failures_of(plane_of(shop.app)).wait()
    record = shop.audited("sign_in.failed")
    assert record.subject == "operator:mara" and record.address == "127.0.0.1"
    assert record.after == {"door": SIGN_IN}
    with Session(shop.engine) as session:
        failed = select(AuditRecord).where(AuditRecord.action == "sign_in.failed")
        assert len(session.scalars(failed).all()) == 1


def test_below_another_path_it_is_the_same(valkey_server: Server, tmp_path: Path) -> None:
    shop = Shop(f"sqlite:///{tmp_path}/shop.db", valkey_server.url, tmp_path, "/internal")
    try:
        shop.ran("setup")
        shop.add()
        browser = shop.browser()
        page = browser.get("/internal/control/guards", follow=True)
        found = TOKEN.search(page.text)
        assert found is not None
        form = {"csrf_token": found[1], "username": "mara", "password": PASSWORD}
        answer = browser.client.post("/internal/control/sign-in", data=form)
        assert answer.headers["Location"] == "/internal/control/"
        assert browser.get("/internal/control/").status_code == 200
    finally:
        shop.close()


def test_every_page_answers_an_operator(shop: Shop) -> None:
    shop.add()
    browser = shop.browser()
    browser.sign_in()
    paths = {page.path for page in pages_of(chosen(ALL))}
    there = {page.path for page in pages_of(rooms_of(shop.app))}
    # Pages of rooms that are off are not there.
    expected = {f"/control{path}": 200 if path in there else 404 for path in paths}
    expected["/control/status"] = 200
    assert len(there) > 8
    assert {path: browser.get(path).status_code for path in expected} == expected


def test_a_token_is_no_credential_here(shop: Shop) -> None:
    shop.add()
    browser = shop.browser()
    browser.sign_in()
    answer = browser.get("/control/api/session", Authorization="Bearer whatever")
    assert answer.status_code == 401


def test_acts_are_audited_by_the_name_of_the_operator(shop: Shop) -> None:
    shop.add()
    browser = shop.browser()
    browser.sign_in()
    order = {"reason": "a look at it"}
    assert browser.change("/maintenance/refresh", **order).status_code < 300
    with Session(shop.engine) as session:
        [newest, *_] = session.scalars(select(AuditRecord).order_by(AuditRecord.id.desc())).all()
    assert newest.after["via"] == "operator:mara" and newest.actor_id is None


def test_administrators_alone_see_where_others_signed_in_from(shop: Shop) -> None:
    shop.add()
    shop.add("vera", "platform.view")
    found = {}
    for name in ("mara", "vera"):
        browser = shop.browser()
        browser.sign_in(name)
        records = browser.get("/control/api/audit").get_json()["items"]
        found[name] = {one["action"] for one in records if one["address"] is not None}
    assert "control.sign_in" in found["mara"] and found["vera"] == set()


def test_each_act_at_the_terminal_is_audited(shop: Shop) -> None:
    shop.add()
    shop.add("olga", "platform.operate")
    shop.ran("operators", "rights", "olga", "platform.view", "--reason", "another desk")
    record = shop.audited("operator.rights")
    assert record.subject == "operator:olga" and record.reason == "another desk"
    assert record.before == {"rights": ["platform.view", "platform.operate"]}
    assert record.after["rights"] == ["platform.view"]
    assert record.after["via"].startswith("cli:")
    shop.ran("operators", "password", "olga", password="battery staple horse")
    shop.ran("operators", "disable", "olga", "--reason", "on leave")
    shop.ran("operators", "enable", "olga", "--reason", "back again")
    shop.ran("operators", "remove", "olga", "--reason", "left us")
    for act in ("add", "password", "disable", "enable", "remove"):
        record = shop.audited(f"operator.{act}")
        assert record.subject == "operator:olga" and record.reason
        assert PASSWORD not in json.dumps([record.before, record.after])


def test_what_cannot_be_is_refused(shop: Shop) -> None:
    for name, right, password, told in (
        ("mara", "platform.admin", "eleven char", "12 to 128 characters"),
        ("mara", "platform.admin", "qwerty123456", "guessed first"),
        ("mara-at-the-desk", "platform.view", "mara-at-the-desk-2026", "guessed first"),
        ("Mara", "platform.admin", PASSWORD, "is not like"),
        ("m" * 33, "platform.admin", PASSWORD, "is not like"),
        ("mara", "platform.insight", PASSWORD, "is not one of"),
        ("mara", "platform.admin", None, "12 to 128 characters"),
    ):
        result = shop.run("operators", "add", name, "--right", right, password=password)
        assert result.exit_code != 0 and told in result.output
    assert json.loads(shop.ran("operators", "list", "--json")) == []


def test_a_name_is_one_persons(shop: Shop) -> None:
    shop.add()
    result = shop.run("operators", "add", "mara", "--right", "platform.view", password=PASSWORD)
    assert result.exit_code == 1 and "'mara' is taken" in result.output
    result = shop.run("operators", "enable", "nobody", "--reason", "a try")
    assert result.exit_code == 1 and "no operator nobody" in result.output


def test_the_last_administrator_cannot_be_taken_away(shop: Shop) -> None:
    shop.add()
    shop.add("anna")
    shop.ran("operators", "disable", "anna", "--reason", "on leave")
    for act in (("rights", "mara", "platform.operate"), ("disable", "mara"), ("remove", "mara")):
        result = shop.run("operators", *act, "--reason", "a try")
        assert result.exit_code == 1 and "last administrator" in result.output
    shop.ran("operators", "enable", "anna", "--reason", "back again")
    shop.ran("operators", "remove", "mara", "--reason", "left us")


def test_of_two_who_are_taken_away_at_once_one_stays(shop: Shop) -> None:
    shop.add()
    shop.add("anna")
    ready, refused = threading.Barrier(2), []

    def take(name: str) -> None:
        with shop.app.app_context():
            ready.wait(10)
            try:
                accounts.disable(name, "at once")
            except LastAdministrator:
                refused.append(name)

    threads = [threading.Thread(target=take, args=(name,)) for name in ("mara", "anna")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with Session(shop.engine) as session:
        enabled = select(PlatformOperator.name).where(PlatformOperator.disabled.is_(False))
        assert session.scalars(enabled).all() == refused and len(refused) == 1


def test_at_a_terminal_the_password_is_asked_for_twice(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yoto.rooms.own_operators.commands.at_terminal", lambda: True)
    typed = "\n".join((PASSWORD, "something else", PASSWORD, PASSWORD))
    told = shop.ran("operators", "add", "mara", "--right", "platform.admin", password=typed)
    assert told.count("Repeat") == 2 and PASSWORD not in told
    assert shop.browser().sign_in().status_code == 303
