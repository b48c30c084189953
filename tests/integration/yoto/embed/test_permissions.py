"""``Yoto(app, db=..., users=...)``: permissions over somebody else's people, on their database."""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, render_template_string, request
from sqlalchemy import QueuePool, String, create_engine, inspect, text, update
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    scoped_session,
    sessionmaker,
)

from tests.support.redis_servers import Server
from yoto import (
    ConfigurationError,
    Permission,
    ValidationFailed,
    Yoto,
    assign_permissions_to_role,
    assign_roles_to_user,
    batch_check_permissions,
    check_permission,
    explain,
    guarded,
    has_permission,
    list_users,
    people,
    permission_denied,
    rate_limit,
    register_permission,
    register_role,
    require_expression,
    require_permission,
    require_role,
    revoke_roles_from_user,
)
from yoto.store.db import engine_beside

ORDER = "order.refund"


class Base(DeclarativeBase):
    """The shop's own, which knows nothing of Flask-SQLAlchemy."""


class Person(Base):
    """Somebody who works in the shop."""

    __tablename__ = "people"

    person_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    email: Mapped[str] = mapped_column(String(100), unique=True)
    active: Mapped[bool | None] = mapped_column(default=True)
    boss: Mapped[bool] = mapped_column(default=False)


class Reader(Base):
    """Somebody whom a text names, exactly."""

    __tablename__ = "readers"
    __table_args__ = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}

    name: Mapped[str] = mapped_column(String(40), primary_key=True)


class Seller(Base):
    """The same with numbers, in a table that is called as the platform calls people."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(100))


PEOPLE = people(Person, name="email", disabled=~Person.active, super_admin=Person.boss)


class Shop:
    """An application of somebody else's, with people."""

    def __init__(
        self,
        url: str,
        redis: str,
        folder: Path,
        users: Any = PEOPLE,
        prefix: str | None = None,
        **options: Any,
    ) -> None:
        self.engine = create_engine(url)
        self.session: scoped_session[Session] = scoped_session(sessionmaker(self.engine))
        Base.metadata.create_all(self.engine)
        self.app = Flask("shop", instance_path=str(folder))
        self.app.secret_key = "only the tests of the shop use it"
        self.app.config["YOTO_REDIS_URL"] = redis
        self.prefix = prefix or f"test-shop-{secrets.token_hex(4)}:"
        self.app.config["YOTO_REDIS_KEY_PREFIX"] = self.prefix
        Yoto(
            self.app,
            db=self.session,
            users=users,
            caller=lambda: request.headers.get("Who"),
            authenticated_at=lambda: request.headers.get("Since", type=float),
            **options,
        )

        @self.app.post("/refund")
        @require_permission(ORDER)
        def refund() -> dict[str, bool]:
            return {"refunded": True}

    def add(self, email: str, **more: Any) -> uuid.UUID:
        person = Person(email=email, **more)
        self.session.add(person)
        self.session.commit()
        return person.person_id

    def refund(self, who: Any) -> int:
        headers = {} if who is None else {"Who": str(who)}
        return self.app.test_client().post("/refund", headers=headers).status_code

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
        with shop.app.app_context():
            register_permission(ORDER, scope="global")
        yield shop
    finally:
        shop.close()


@pytest.fixture
def clerk(shop: Shop) -> int:
    """A role that may refund."""
    with shop.app.app_context():
        [role] = register_role("clerk").ids
        assign_permissions_to_role(role, [ORDER])
    return role


def test_templates_ask_for_whoever_visits_and_send_nobody_to_sign_in(
    shop: Shop, clerk: int
) -> None:
    page = "{{ has_permission('order.refund') }} {{ has_role('clerk') }}"
    shop.app.add_url_rule("/page", "page", lambda: render_template_string(page))
    mara, boss = shop.add("mara@example.org"), shop.add("root@example.org", boss=True)
    with shop.app.app_context():
        assign_roles_to_user(mara, [clerk])
    seen = [
        shop.app.test_client().get("/page", headers={} if who is None else {"Who": str(who)}).text
        for who in (mara, boss, uuid.uuid4(), None)
    ]
    assert seen == ["True True", "True False", "False False", "False False"]
    with shop.engine.connect() as connection:
        uses = text("SELECT count(*) FROM yoto_audit_records WHERE action = 'super_admin.use'")
        assert connection.scalar(uses) == 0
    with shop.app.test_request_context(), pytest.raises(ValidationFailed):
        has_permission("order refund")


def test_asynchronous_views_are_guarded_by_permissions_and_the_rest(shop: Shop, clerk: int) -> None:

    async def refunded() -> str:
        await asyncio.sleep(0)
        return "refunded"

    guards = {
        "permission": require_permission(ORDER),
        "role": require_role("clerk"),
        "expression": require_expression(f"NOT NOT {ORDER}"),
        "object": Permission(ORDER),
        "own": require_permission(ORDER, owner=lambda request: None),
        "all": lambda view: require_permission(ORDER)(guarded("refunds")(rate_limit("few")(view))),
    }
    for name, guard in guards.items():
        shop.app.add_url_rule(f"/{name}", name, guard(refunded))
    mara, tomas = shop.add("mara@shop"), shop.add("tomas@shop")
    with shop.app.app_context():
        assign_roles_to_user(mara, [clerk])
    for name in guards:
        codes = [
            shop.app.test_client().get(f"/{name}", headers={"Who": str(who)}).status_code
            for who in (mara, tomas)
        ]
        assert codes == [200, 403], name


def test_own_things_are_known_by_the_applications_ids(shop: Shop) -> None:
    mara, noor = shop.add("mara@example.org"), shop.add("noor@example.org")
    gone = shop.add("gone@example.org", active=False)
    orders = {"1": mara, "2": str(noor), "3": None, "4": uuid.uuid4(), "5": gone}

    @shop.app.get("/orders/<number>")
    @require_permission(ORDER, owner=lambda request: orders[request.view_args["number"]])
    def order(number: str) -> str:
        return "seen"

    def seen_by(who: Any) -> list[str]:
        client, headers = shop.app.test_client(), {} if who is None else {"Who": str(who)}
        codes = {n: client.get(f"/orders/{n}", headers=headers).status_code for n in orders}
        assert set(codes.values()) <= {200, 403 if who else 401}
        return [number for number, code in codes.items() if code == 200]

    denied: list[Any] = []
    with permission_denied.connected_to(lambda _, **what: denied.append(what["user_id"]), shop.app):
        assert (
            shop.app.test_client().get("/orders/2", headers={"Who": str(mara)}).status_code == 403
        )
    assert denied == [mara]
    assert [seen_by(who) for who in (mara, noor, gone, uuid.uuid4(), None)] == [
        ["1"],
        ["2"],
        [],
        [],
        [],
    ]


def test_a_sign_in_that_is_too_old_is_answered_by_a_hint(shop: Shop, clerk: int) -> None:
    @shop.app.post("/pay-out")
    @require_permission(ORDER, within=60)
    def pay_out() -> str:
        return "paid"

    mara = shop.add("mara@example.org")
    with shop.app.app_context():
        assign_roles_to_user(mara, [clerk])
    client, now = shop.app.test_client(), time.time()
    for since, status in ((now - 30, 200), (now - 90, 403), (None, 403)):
        headers = {"Who": str(mara)} | ({} if since is None else {"Since": str(since)})
        answer = client.post("/pay-out", headers=headers)
        assert answer.status_code == status
    hint = answer.get_json()
    assert (hint["type"], hint["reason"]) == ("urn:yoto:problem:sign-in-again", "sign_in_again")
    assert hint["max_age"] == 60


def test_only_the_platforms_own_tables_are_added(shop: Shop) -> None:
    added = set(inspect(shop.engine).get_table_names()) - set(Base.metadata.tables)
    assert added and all(name.startswith("yoto_") for name in added)


def test_people_are_judged_by_their_own_ids(shop: Shop, clerk: int) -> None:
    mara, tomas = shop.add("mara@shop"), shop.add("tomas@shop")
    with shop.app.app_context():
        assign_roles_to_user(mara, [clerk])
        assert check_permission(mara, ORDER) and not check_permission(tomas, ORDER)
        nobody = uuid.uuid4()
        assert batch_check_permissions([mara, tomas, nobody], ORDER) == {
            mara: True,
            tomas: False,
            nobody: False,
        }
        assert list_users(ORDER, "global").ids == (mara,)
        told = explain(mara, ORDER)
        assert told.allowed and told.agrees and told.username == "mara@shop"
    assert (shop.refund(mara), shop.refund(tomas), shop.refund(None)) == (200, 403, 401)
    with shop.app.app_context():
        revoke_roles_from_user(mara, [clerk], actor_id=None)
    assert shop.refund(mara) == 403


def test_what_is_written_about_people_counts_at_once(shop: Shop, clerk: int) -> None:
    mara, boss = shop.add("mara@shop"), shop.add("boss@shop", boss=True)
    with shop.app.app_context():
        assign_roles_to_user(mara, [clerk])
    assert (shop.refund(mara), shop.refund(boss)) == (200, 200)
    with shop.app.app_context():
        shop.session.get_one(Person, mara).active = False
        shop.session.commit()
        shop.session.execute(update(Person).where(Person.email == "boss@shop").values(boss=False))
        shop.session.commit()
    assert (shop.refund(mara), shop.refund(boss)) == (403, 403)


def test_each_of_two_applications_hears_of_its_own_people(
    shop: Shop, clerk: int, valkey_server: Server, tmp_path: Path
) -> None:
    """They have the same class, and a table of numbers each."""
    mara = shop.add("mara@shop")
    with shop.app.app_context():
        assign_roles_to_user(mara, [clerk])
    assert shop.refund(mara) == 200
    other = Shop(f"sqlite:///{tmp_path}/other.db", valkey_server.url, tmp_path / "other")
    try:
        with shop.app.app_context():
            shop.session.get_one(Person, mara).active = False
            shop.session.commit()
        assert shop.refund(mara) == 403
    finally:
        other.close()


def test_a_write_and_what_it_gives_are_stored_together_or_not_at_all(
    shop: Shop, clerk: int
) -> None:
    with shop.app.app_context():
        person = Person(email="new@shop")
        shop.session.add(person)
        shop.session.flush()
        assign_roles_to_user(person.person_id, [clerk], commit=False)
        assert check_permission(person.person_id, ORDER)
        gone = person.person_id
        shop.session.rollback()
        assert not check_permission(gone, ORDER)
        kept = shop.add("next@shop")
        assert not check_permission(kept, ORDER)
    assert (shop.refund(gone), shop.refund(kept)) == (403, 403)


def test_of_whom_nobody_can_say_whether_they_are_active_may_do_nothing(
    shop: Shop, clerk: int
) -> None:
    mara = shop.add("mara@shop")
    with shop.app.app_context():
        assign_roles_to_user(mara, [clerk])
        assert check_permission(mara, ORDER)
        shop.session.execute(update(Person).values(active=None))
        shop.session.commit()
        assert not check_permission(mara, ORDER)


def test_texts_that_differ_in_a_letter_are_two_people(
    empty: str, valkey_server: Server, tmp_path: Path
) -> None:
    shop = Shop(empty, valkey_server.url, tmp_path, users=Reader)
    try:
        assert shop.app.test_cli_runner().invoke(args=["yoto", "setup"]).exit_code == 0
        shop.session.add_all([Reader(name="Mara"), Reader(name="mara")])
        shop.session.commit()
        with shop.app.app_context():
            register_permission(ORDER, scope="global")
            [role] = register_role("clerk").ids
            assign_permissions_to_role(role, [ORDER])
            assign_roles_to_user("Mara", [role])
            asked = ["Mara", "mara", "MARA"]
            assert list(batch_check_permissions(asked, ORDER).values()) == [True, False, False]
        assert [shop.refund(who) for who in asked] == [200, 403, 403]
    finally:
        shop.close()


def test_an_id_that_is_none_is_named(shop: Shop) -> None:
    with shop.app.app_context(), pytest.raises(ValidationFailed) as refused:
        check_permission("mara", ORDER)
    assert refused.value.errors == {"user_id": ["must be a UUID"]}


def test_numbers_and_a_table_called_users_work_as_they_are(
    url: str, valkey_server: Server, tmp_path: Path
) -> None:
    shop = Shop(url, valkey_server.url, tmp_path, users=Seller)
    try:
        assert shop.app.test_cli_runner().invoke(args=["yoto", "setup"]).exit_code == 0
        shop.session.add_all([Seller(id=1, email="mara@shop"), Seller(id=2, email="tomas@shop")])
        shop.session.commit()
        with shop.app.app_context():
            register_permission(ORDER, scope="global")
            [role] = register_role("clerk").ids
            assign_permissions_to_role(role, [ORDER])
            assign_roles_to_user(1, [role])
            assert list_users(ORDER, "global").ids == (1,)
        assert [shop.refund(who) for who in (1, 2, 3)] == [200, 403, 403]
    finally:
        shop.close()


def test_the_platforms_own_connections_are_made_as_the_applications_are(tmp_path: Path) -> None:
    class Traced(sqlite3.Connection):
        """A connection that the application asked for, such as one with TLS elsewhere."""

    engine = create_engine(f"sqlite:///{tmp_path}/shop.db", connect_args={"factory": Traced})
    app = Flask("shop", instance_path=str(tmp_path))
    Yoto(app, db=scoped_session(sessionmaker(engine)), users=PEOPLE)
    with engine_beside(app).connect() as connection:
        assert isinstance(connection.connection.dbapi_connection, Traced)
    Yoto.close(app)
    engine.dispose()


def test_tables_of_a_later_version_are_not_called_up_to_date(shop: Shop) -> None:
    with shop.engine.begin() as connection:
        connection.execute(text("UPDATE yoto_alembic_version SET version_num = '9000'"))
    refused = shop.app.test_cli_runner().invoke(args=["yoto", "setup"])
    assert refused.exit_code == 1 and "9000" in refused.output


def test_what_is_no_database_and_who_are_no_people_is_named(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/shop.db")
    session = scoped_session(sessionmaker(engine))
    driver = SimpleNamespace(paramstyle="format", __version__="1.31.0")
    elsewhere = create_engine("postgresql+pg8000://nowhere/shop", module=driver)
    for given, key in (
        ({"db": object(), "users": Person}, "db"),
        ({"db": scoped_session(sessionmaker(elsewhere)), "users": Person}, "db"),
        ({"db": session}, "users"),
        ({"db": session, "users": object}, "users"),
    ):
        with pytest.raises(ConfigurationError) as refused:
            Yoto(Flask("shop", instance_path=str(tmp_path)), **given)
        assert refused.value.key == key
    with pytest.raises(ConfigurationError, match="'mail' is no column"):
        people(Person, name="mail")
    engine.dispose()


def test_what_the_application_reads_first_keeps_it_from_no_change(
    valkey_server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "shop.db"
    shop = Shop(f"sqlite:///{path}", valkey_server.url, tmp_path)
    try:
        assert shop.session.query(Person).count() == 0
        with closing(sqlite3.connect(path)) as another:
            another.execute("CREATE TABLE written_meanwhile (id INTEGER)")
            another.commit()
        # SQLite refuses a transaction that turns from reading to writing then.
        shop.add("late@shop.example")
    finally:
        shop.close()


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file::memory:?cache=shared&uri=true",
        "sqlite:///file:tests?mode=memory&cache=shared&uri=true",
        "sqlite:///file:/tests?vfs=memdb&uri=true",
    ],
)
def test_a_database_in_memory_is_refused_with_what_takes_its_place(url: str) -> None:
    engine = create_engine(url, poolclass=QueuePool)
    with pytest.raises(ConfigurationError, match="db: a database in memory .* temporary folder"):
        Yoto(Flask("shop"), db=scoped_session(sessionmaker(engine)), users=PEOPLE)
    engine.dispose()
