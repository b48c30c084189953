"""``users=people_by(function, ...)``: permissions over people whom only a function knows."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from flask import Flask, current_app, request
from flask_login import LoginManager, UserMixin
from sqlalchemy import create_engine, func, select, update
from sqlalchemy.orm import scoped_session, sessionmaker

from tests.integration.yoto.embed.test_permissions import ORDER, Person, Shop
from tests.support.redis_servers import Server
from yoto import (
    CircuitOpen,
    ConfigurationError,
    PersonFacts,
    StoreUnavailable,
    ValidationFailed,
    Yoto,
    assign_permissions_to_role,
    assign_roles_to_user,
    batch_check_permissions,
    check_permission,
    circuit_breaker,
    decide,
    explain,
    get_resilience_controller,
    invalidate_all,
    list_users,
    people_by,
    people_changed,
    register_permission,
    register_role,
    require_permission,
)
from yoto.permission import PermissionSystem
from yoto.store.models import KnownPerson, OutboxEvent, SubjectKey

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
MARA, TOMAS, BOSS = (uuid.UUID(int=number) for number in (1, 2, 3))


class Directory:
    """The company's own, which is no database of the shop's.

    Attributes:
        people: what it knows.
        calls: the ids of each question.
        before: done before each answer.
    """

    def __init__(self, *ids: Any) -> None:
        self.people = {id_: PersonFacts(f"name of {id_}") for id_ in ids}
        self.calls: list[list[Any]] = []
        self.before: Callable[[], object] = lambda: None

    def __call__(self, ids: list[Any]) -> dict[Any, PersonFacts]:
        self.calls.append(ids)
        found = {id_: self.people[id_] for id_ in ids if id_ in self.people}
        self.before()
        return found

    def put(self, id_: Any, **facts: bool) -> None:
        self.people[id_] = PersonFacts(f"name of {id_}", **facts)


class Work(Shop):
    """A shop whose people are in a directory."""

    def __init__(
        self, url: str, redis: str, folder: Path, directory: Directory, ids: type, **more: float
    ) -> None:
        self.directory = directory
        users = people_by(directory, ids=ids, **{"deadline": 10.0} | more)
        super().__init__(url, redis, folder, users)
        made = self.app.test_cli_runner().invoke(args=["yoto", "setup"])
        assert made.exit_code == 0, made.output
        with self.app.app_context():
            register_permission(ORDER, scope="global")
            [self.clerk] = register_role("clerk").ids
            assign_permissions_to_role(self.clerk, [ORDER])

    def age(self) -> None:
        """Have all that is known of people be too old, and nothing in memory."""
        self.session.commit()
        with self.engine.begin() as connection:
            connection.execute(update(KnownPerson.__table__).values(asked_at=LONG_AGO))
        with self.app.app_context():
            invalidate_all()


@pytest.fixture
def directory() -> Directory:
    found = Directory(MARA, TOMAS, BOSS)
    found.put(BOSS, super_admin=True)
    return found


@pytest.fixture
def shop(url: str, valkey_server: Server, tmp_path: Path, directory: Directory) -> Iterator[Work]:
    shop = Work(url, valkey_server.url, tmp_path, directory, uuid.UUID)
    yield shop
    shop.close()


@pytest.fixture
def mara(shop: Work) -> uuid.UUID:
    """A clerk, who may refund."""
    with shop.app.app_context():
        assign_roles_to_user(MARA, [shop.clerk])
        assert check_permission(MARA, ORDER)
    return MARA


def test_people_are_judged_by_what_the_function_says(shop: Work, mara: uuid.UUID) -> None:
    nobody = uuid.uuid4()
    assert [shop.refund(who) for who in (mara, TOMAS, BOSS, nobody, None)] == [
        200,
        403,
        200,
        403,
        401,
    ]
    with shop.app.app_context():
        assert set(list_users(ORDER, "global").ids) == {mara, BOSS}
        told = explain(mara, ORDER)
        assert told.allowed and told.agrees and told.username == f"name of {mara}"
        assert decide(nobody, ORDER).reason == "unknown_user"
        with pytest.raises(ValidationFailed) as refused:
            assign_roles_to_user(nobody, [shop.clerk])
    assert "user_id" in refused.value.errors


def test_what_is_known_is_not_asked_again(shop: Work, mara: uuid.UUID) -> None:
    asked = len(shop.directory.calls)
    with shop.app.app_context():
        invalidate_all()
        assert check_permission(mara, ORDER) and explain(mara, ORDER).allowed
        assert list_users(ORDER, "global").ids == (mara,)
    assert len(shop.directory.calls) == asked


def test_many_people_are_one_question(url: str, valkey_server: Server, tmp_path: Path) -> None:
    people = [uuid.uuid4() for _ in range(700)]
    shop = Work(url, valkey_server.url, tmp_path, Directory(*people), uuid.UUID)
    try:
        with shop.app.app_context():
            for clerk in people[:2]:
                assign_roles_to_user(clerk, [shop.clerk])
            shop.directory.calls.clear()
            strangers = [uuid.uuid4() for _ in range(5)]
            verdicts = batch_check_permissions([*people, *strangers], ORDER)
            assert [one for one, allowed in verdicts.items() if allowed] == people[:2]
            assert [len(ids) for ids in shop.directory.calls] == [703]
            shop.age()
            shop.directory.calls.clear()
            found = list_users(ORDER, "global")
            # The function alone knows who else there is.
            assert (set(found.ids), found.incomplete) == (set(people[:2]), "people")
            assert [len(ids) for ids in shop.directory.calls] == [700]
            shop.age()
            shop.directory.calls.clear()
            assert sum(batch_check_permissions(people, ORDER).values()) == 2
            assert [len(ids) for ids in shop.directory.calls] == [700]
            assert shop.session.scalar(select(func.count(SubjectKey.id))) == 700
    finally:
        shop.close()


def test_a_change_that_is_told_counts_at_once(shop: Work, mara: uuid.UUID) -> None:
    assert (shop.refund(mara), shop.refund(BOSS), shop.refund(TOMAS)) == (200, 200, 403)
    shop.directory.put(mara, disabled=True)
    shop.directory.put(BOSS)
    shop.directory.put(TOMAS, super_admin=True)
    assert (shop.refund(mara), shop.refund(BOSS)) == (200, 200)
    with shop.app.app_context():
        assert people_changed([mara, BOSS, TOMAS]).position is not None
    assert (shop.refund(mara), shop.refund(BOSS), shop.refund(TOMAS)) == (403, 403, 200)
    with shop.app.app_context():
        assert list_users(ORDER, "global").ids == (TOMAS,)
        assert explain(mara, ORDER).standing == "disabled"
    del shop.directory.people[TOMAS]
    with shop.app.app_context():
        people_changed([TOMAS])
        assert list_users(ORDER, "global").ids == ()
    assert shop.refund(TOMAS) == 403


def test_other_workers_hear_of_it(
    shop: Work, mara: uuid.UUID, url: str, valkey_server: Server, tmp_path: Path
) -> None:
    users = people_by(shop.directory, ids=uuid.UUID, deadline=10.0)
    other = Shop(url, valkey_server.url, tmp_path, users)
    other.app.config["YOTO_REDIS_KEY_PREFIX"] = shop.app.config["YOTO_REDIS_KEY_PREFIX"]
    try:
        with shop.app.app_context(), shop.session() as session:
            before = session.scalar(select(func.count(OutboxEvent.id))) or 0
            shop.directory.put(mara, disabled=True)
            people_changed([mara], commit=False)
            session.rollback()
            assert session.scalar(select(func.count(OutboxEvent.id))) == before
            people_changed([mara])
            number = session.scalar(select(SubjectKey.id).order_by(SubjectKey.id).limit(1))
            published = session.scalars(select(OutboxEvent.subject).offset(before)).all()
        assert published == [f"user:{number}"]
        assert other.refund(mara) == 403
    finally:
        other.close()


def test_without_a_word_it_counts_once_what_is_known_is_too_old(
    shop: Work, mara: uuid.UUID
) -> None:
    assert (shop.refund(mara), shop.refund(TOMAS)) == (200, 403)
    shop.directory.put(mara, disabled=True)
    shop.directory.put(TOMAS, super_admin=True)
    assert (shop.refund(mara), shop.refund(TOMAS)) == (200, 403)
    shop.age()
    with shop.app.app_context():
        assert list_users(ORDER, "global").ids == (TOMAS,)
        assert not check_permission(mara, ORDER)


def test_memory_forgets_what_is_too_old(
    url: str, valkey_server: Server, tmp_path: Path, directory: Directory
) -> None:
    shop = Work(url, valkey_server.url, tmp_path, directory, uuid.UUID, max_age=1.5)
    try:
        with shop.app.app_context():
            assign_roles_to_user(MARA, [shop.clerk])
            assert check_permission(MARA, ORDER)
            directory.put(MARA, disabled=True)
            until = monotonic() + 30
            while check_permission(MARA, ORDER) and monotonic() < until:
                sleep(0.05)
            assert not check_permission(MARA, ORDER)
    finally:
        shop.close()


def test_a_function_that_fails_allows_nobody(shop: Work, mara: uuid.UUID) -> None:
    assert shop.refund(BOSS) == 200

    def fail() -> None:
        raise ConnectionError("the directory is away")

    shop.directory.before = fail
    # An answer that is known and young enough counts on.
    assert (shop.refund(mara), shop.refund(BOSS), shop.refund(TOMAS)) == (200, 200, 503)
    with shop.app.app_context():
        people_changed([mara])
    assert shop.refund(mara) == 503
    shop.age()
    answer = shop.app.test_client().post("/refund", headers={"Who": str(mara)})
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) >= 1
    with shop.app.app_context():
        asks: tuple[Callable[[], object], ...] = (
            lambda: check_permission(BOSS, ORDER),
            lambda: batch_check_permissions([mara, BOSS], ORDER),
            lambda: list_users(ORDER, "global"),
            lambda: explain(mara, ORDER),
            lambda: assign_roles_to_user(TOMAS, [shop.clerk], actor_id=BOSS),
        )
        for ask in asks:
            with pytest.raises(StoreUnavailable) as failed:
                ask()
            assert failed.value.store == "directory"
            assert isinstance(failed.value.cause, ConnectionError)
    shop.directory.before = lambda: None
    assert (shop.refund(mara), shop.refund(BOSS)) == (200, 200)


def test_a_breaker_on_the_function_spares_the_waiting(
    valkey_server: Server, tmp_path: Path, directory: Directory
) -> None:
    @circuit_breaker("directory")
    def known(ids: list[Any]) -> dict[Any, PersonFacts]:
        return directory(ids)

    users = people_by(known, ids=uuid.UUID)
    shop = Shop(f"sqlite:///{tmp_path}/shop.db", valkey_server.url, tmp_path, users)
    try:
        assert shop.app.test_cli_runner().invoke(args=["yoto", "setup"]).exit_code == 0
        with shop.app.app_context():
            register_permission(ORDER, scope="global")
            get_resilience_controller().circuit_breaker("directory").force_open("away", 60)
            with pytest.raises(StoreUnavailable) as failed:
                check_permission(BOSS, ORDER)
            assert isinstance(failed.value.cause, CircuitOpen)
            get_resilience_controller().circuit_breaker("directory").reset()
            assert check_permission(BOSS, ORDER)
        assert directory.calls == [[BOSS]]
    finally:
        shop.close()


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [MARA],
        {str(MARA): PersonFacts("Mara")},
        {MARA: {"name": "Mara"}},
    ],
)
def test_an_answer_that_is_none_allows_nobody(
    valkey_server: Server, tmp_path: Path, answer: Any
) -> None:
    users = people_by(lambda ids: answer, ids=uuid.UUID)
    shop = Shop(f"sqlite:///{tmp_path}/shop.db", valkey_server.url, tmp_path, users)
    try:
        assert shop.app.test_cli_runner().invoke(args=["yoto", "setup"]).exit_code == 0
        with shop.app.app_context():
            register_permission(ORDER, scope="global")
        assert shop.refund(MARA) == 503
    finally:
        shop.close()


def test_a_function_that_hangs_holds_up_nobody_for_long(
    valkey_server: Server, tmp_path: Path, directory: Directory
) -> None:
    url = f"sqlite:///{tmp_path}/shop.db"
    shop = Work(url, valkey_server.url, tmp_path, directory, uuid.UUID, deadline=0.05)
    go_on = threading.Event()
    directory.before = lambda: go_on.wait(60)
    try:
        # More than there may be calls: the last are refused without one.
        assert [shop.refund(MARA) for _ in range(10)] == [503] * 10
        until = monotonic() + 30
        while len(directory.calls) < 8 and monotonic() < until:
            sleep(0.05)
        assert len(directory.calls) == 8
    finally:
        go_on.set()
        shop.close()


def test_who_is_said_to_have_changed_while_asked_about_is_asked_about_again(
    shop: Work, mara: uuid.UUID
) -> None:
    def change() -> None:
        shop.directory.before = lambda: None
        with shop.app.app_context():
            shop.directory.put(mara, disabled=True)
            people_changed([mara])

    shop.age()
    shop.directory.before = change
    asked = len(shop.directory.calls)
    assert shop.refund(mara) == 403
    assert len(shop.directory.calls) == asked + 2


def test_somebody_new_who_changed_while_asked_about_is_asked_about_again(shop: Work) -> None:
    """Nothing was known of them that could have been said to count no more."""

    def change() -> None:
        shop.directory.before = lambda: None
        with shop.app.app_context():
            shop.directory.put(BOSS)
            people_changed([BOSS])

    shop.directory.before = change
    assert shop.refund(BOSS) == 403


def test_the_callers_own_transaction_comes_to_nothing_or_is_stored_as_one(
    shop: Work, mara: uuid.UUID
) -> None:
    """On SQLite it is the only one that can write."""
    with shop.app.app_context():
        shop.session.add(Person(email="someone@shop"))
        shop.session.flush()
        assert not check_permission(TOMAS, ORDER)
        assign_roles_to_user(TOMAS, [shop.clerk], commit=False)
        assert check_permission(TOMAS, ORDER) and check_permission(mara, ORDER)
        shop.session.rollback()
        assert not check_permission(TOMAS, ORDER)
        shop.age()
        shop.session.add(Person(email="somebody@shop"))
        shop.session.flush()
        shop.directory.put(mara, disabled=True)
        assert not check_permission(mara, ORDER)
        assert list_users(ORDER, "global").ids == ()
        people_changed([TOMAS], commit=False)
        assert not check_permission(TOMAS, ORDER)
        shop.session.commit()
        assert shop.session.scalar(select(func.count(Person.person_id))) == 1
    assert (shop.refund(mara), shop.refund(TOMAS)) == (403, 403)


def test_who_reads_an_old_view_of_the_database_reads_what_is_known_now(
    shop: Work, mara: uuid.UUID
) -> None:
    shop.age()
    with shop.app.app_context():
        # The view of the running transaction is of now.
        assert shop.session.scalar(select(func.count(Person.person_id))) == 0
        shop.directory.put(mara, disabled=True)
        assert list_users(ORDER, "global").ids == ()
        assert explain(mara, ORDER).standing == "disabled"


@pytest.mark.parametrize(
    ("ids", "mara", "other", "stranger"),
    [(int, 41, 42, 43), (str, "Mara", "mara", "MARA")],
)
def test_ids_may_be_numbers_or_texts(
    empty: str,
    valkey_server: Server,
    tmp_path: Path,
    ids: type,
    mara: Any,
    other: Any,
    stranger: Any,
) -> None:
    shop = Work(empty, valkey_server.url, tmp_path, Directory(mara, other), ids)
    try:
        with shop.app.app_context():
            assign_roles_to_user(mara, [shop.clerk])
            asked = [mara, other, stranger]
            assert list(batch_check_permissions(asked, ORDER).values()) == [True, False, False]
            assert list_users(ORDER, "global").ids == (mara,)
        assert [shop.refund(who) for who in asked] == [200, 403, 403]
        shop.directory.put(mara, disabled=True)
        shop.directory.put(stranger, super_admin=True)
        with shop.app.app_context():
            people_changed([mara, stranger])
        assert [shop.refund(who) for who in asked] == [403, 403, 200]
        with shop.app.app_context():
            assert list_users(ORDER, "global").ids == (stranger,)
            if ids is str:
                assert not check_permission("m" * 300, ORDER)
                with pytest.raises(ValidationFailed, match="several"):
                    people_changed("Mara")
    finally:
        shop.close()


def test_super_admins_and_epochs_are_those_of_the_function(shop: Work) -> None:
    shop.directory.people[TOMAS] = PersonFacts("Tomas", epoch=7)
    with shop.app.app_context():
        assert not check_permission(TOMAS, ORDER) and check_permission(BOSS, ORDER)
        numbers = {key: id_ for id_, key in shop.session.execute(numbers_of(shop))}
        judge = PermissionSystem().check_credential
        assert judge(numbers[TOMAS], 7, []).accepted
        assert not judge(numbers[TOMAS], 6, []).accepted
        assert judge(numbers[BOSS], 0, []).super_admin
        shop.directory.people[TOMAS] = PersonFacts("Tomas", epoch=8)
        people_changed([TOMAS])
        assert not judge(numbers[TOMAS], 7, []).accepted


def test_who_signs_in_by_flask_login_is_asked_about_by_what_the_session_has(
    valkey_server: Server, tmp_path: Path
) -> None:
    class Entry(UserMixin, Person):
        """A row, whose key is not the id that the directory has."""

        def get_id(self) -> str:
            return self.email

    directory = Directory("mara@shop", "tomas@shop")
    engine = create_engine(f"sqlite:///{tmp_path}/shop.db")
    session = scoped_session(sessionmaker(engine))
    app = Flask("desk", instance_path=str(tmp_path))
    app.secret_key = "of a test"
    app.config["YOTO_REDIS_URL"] = valkey_server.url
    app.config["YOTO_REDIS_KEY_PREFIX"] = f"test-desk-{uuid.uuid4().hex[:8]}:"
    LoginManager(app).request_loader(lambda request: Entry(email=request.headers["Who"]))
    users = people_by(directory, ids=str, deadline=10.0)
    Yoto(app, db=session, users=users, permissions=[ORDER])

    @app.get("/refund")
    @require_permission(ORDER)
    def refund() -> str:
        return "refunded"

    try:
        assert app.test_cli_runner().invoke(args=["yoto", "setup"]).exit_code == 0
        with app.app_context():
            [clerk] = register_role("clerk").ids
            assign_permissions_to_role(clerk, [ORDER])
            assign_roles_to_user("mara@shop", [clerk])
        client = app.test_client()
        answers = [
            client.get("/refund", headers={"Who": who}).status_code for who in directory.people
        ]
        assert answers == [200, 403]
    finally:
        Yoto.close(app)
        session.remove()
        engine.dispose()


def test_the_control_plane_asks_as_the_application_does(
    valkey_server: Server, tmp_path: Path
) -> None:
    asked_by: list[str] = []

    def known(ids: list[str]) -> dict[str, PersonFacts]:
        asked_by.append(current_app.config["DIRECTORY"])
        return {id_: PersonFacts(id_.title()) for id_ in ids if id_ in ("mara", "tomas")}

    engine = create_engine(f"sqlite:///{tmp_path}/desk.db")
    session = scoped_session(sessionmaker(engine))
    app = Flask("desk", instance_path=str(tmp_path))
    app.secret_key = "only the tests of the desk use it"
    app.config["DIRECTORY"] = "ldaps://ldap.example"
    app.config["YOTO_REDIS_URL"] = valkey_server.url
    app.config["YOTO_REDIS_KEY_PREFIX"] = f"test-desk-{uuid.uuid4().hex[:8]}:"
    Yoto(
        app,
        db=session,
        users=people_by(known, ids=str, deadline=10.0),
        permissions=[ORDER],
        caller=lambda: request.headers.get("Who"),
        control_plane=True,
        operators=lambda: "admin",
    )
    try:
        assert app.test_cli_runner().invoke(args=["yoto", "setup"]).exit_code == 0
        with app.app_context():
            [clerk] = register_role("clerk").ids
            assign_permissions_to_role(clerk, [ORDER])
            assign_roles_to_user("mara", [clerk])
        with engine.begin() as connection:
            connection.execute(update(KnownPerson.__table__).values(asked_at=LONG_AGO))
        asked = len(asked_by)
        answer = app.test_client().get(
            f"/control/api/search/who?permission={ORDER}", headers={"Who": "tomas"}
        )
        assert [one["username"] for one in answer.json["items"]] == ["Mara"], answer.text
        assert len(asked_by) > asked and set(asked_by) == {"ldaps://ldap.example"}
    finally:
        Yoto.close(app)
        session.remove()
        engine.dispose()


def numbers_of(shop: Work) -> Any:
    keys = shop.app.extensions["yoto.declarations"].tables["users"].numbers
    return select(keys.c.id, keys.c.key)


def test_facts_and_settings_that_are_none_are_named() -> None:
    for wrong in ({"disabled": None}, {"super_admin": 1}, {"epoch": -1}, {"epoch": True}):
        with pytest.raises(TypeError, match=next(iter(wrong))):
            PersonFacts("Mara", **wrong)  # type: ignore[arg-type]
    for given in ({"ids": bytes}, {"ids": int, "max_age": 0.0}, {"ids": int, "deadline": -1.0}):
        with pytest.raises(ConfigurationError) as refused:
            people_by(lambda ids: {}, **given)  # type: ignore[arg-type]
        assert refused.value.key == "users"
