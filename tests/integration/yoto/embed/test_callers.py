"""The caller where the application has Flask-Login, and what may be asked before any setup."""

from __future__ import annotations

import secrets
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_login import LoginManager, UserMixin, login_user
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
from yoto import (
    ConfigurationError,
    Yoto,
    assign_permissions_to_role,
    assign_roles_to_user,
    list_registered_permissions,
    rate_limit,
    register_role,
    require_permission,
    set_rate_limit_config,
)
from yoto.errors import NotSetUp

PRINT = "page.print"


class Base(DeclarativeBase):
    """The press's own."""


class Printer(UserMixin, Base):
    """Somebody whose session has another text than their row, as Flask-Security's people do."""

    __tablename__ = "printers"

    number: Mapped[int] = mapped_column(primary_key=True)
    session_key: Mapped[str] = mapped_column(String(40))

    def get_id(self) -> str:
        return self.session_key


class Reader(UserMixin, Base):
    """Somebody else who signs in, with a number as a printer has one."""

    __tablename__ = "readers"

    id: Mapped[int] = mapped_column(primary_key=True)


class Press:
    """An application with Flask-Login and one page."""

    def __init__(self, folder: Path, redis: str) -> None:
        self.engine = create_engine(f"sqlite:///{folder}/press.db")
        Base.metadata.create_all(self.engine)
        self.session: scoped_session[Session] = scoped_session(sessionmaker(self.engine))
        self.app = Flask("press", instance_path=str(folder))
        self.app.secret_key = "of a test"
        self.app.config["YOTO_REDIS_URL"] = redis
        self.app.config["YOTO_REDIS_KEY_PREFIX"] = f"test-press-{secrets.token_hex(4)}:"
        self.people = LoginManager(self.app)
        self.people.user_loader(self.somebody)
        Yoto(self.app, db=self.session, users=Printer, permissions=[PRINT])

        @self.app.get("/sign-in/<key>")
        def sign_in(key: str) -> str:
            login_user(self.somebody(key))
            return ""

        @self.app.get("/print")
        @require_permission(PRINT)
        def print_() -> str:
            return "printed"

        @self.app.get("/proof")
        @rate_limit("proof")
        def proof() -> str:
            return "read"

    def somebody(self, key: str) -> Printer | Reader:
        if key.isdecimal():
            return self.session.get_one(Reader, int(key))
        return self.session.scalars(select(Printer).filter_by(session_key=key)).one()

    def visitor(self, key: str | None = None) -> FlaskClient:
        client = self.app.test_client()
        if key is not None:
            assert client.get(f"/sign-in/{key}").status_code == 200
        return client

    def set_up(self) -> None:
        """Make the tables, and let printer 7 print."""
        made = self.app.test_cli_runner().invoke(args=["yoto", "setup"])
        assert made.exit_code == 0, made.output
        with self.app.app_context():
            self.session.add_all(Printer(number=n, session_key=f"key-of-{n}") for n in (7, 8))
            self.session.add(Reader(id=7))
            self.session.commit()
            [role] = register_role("printer").ids
            assign_permissions_to_role(role, [PRINT])
            assign_roles_to_user(7, [role])


@pytest.fixture
def press(valkey_server: Server, tmp_path: Path) -> Iterator[Press]:
    press = Press(tmp_path, valkey_server.url)
    yield press
    Yoto.close(press.app)
    press.session.remove()
    press.engine.dispose()


def test_people_are_known_by_their_row_whatever_the_session_calls_them(press: Press) -> None:
    press.set_up()
    may, may_not = press.visitor("key-of-7"), press.visitor("key-of-8")
    assert (may.get("/print").status_code, may_not.get("/print").status_code) == (200, 403)


def test_a_row_of_another_table_is_not_taken_for_the_person_of_its_number(press: Press) -> None:
    press.set_up()
    reader, printer = press.visitor("7"), press.visitor("key-of-7")
    assert (reader.get("/print").status_code, printer.get("/print").status_code) == (403, 200)
    with press.app.app_context():
        set_rate_limit_config("proof", limit=1, reason="a test")
    assert [one.get("/proof").status_code for one in (reader, printer, reader)] == [200, 200, 429]


def test_guards_count_the_row_too(press: Press) -> None:
    press.set_up()
    with press.app.app_context():
        set_rate_limit_config("proof", limit=1, reason="a test")
    reader = press.visitor("key-of-8")
    assert [reader.get("/proof").status_code for _ in range(2)] == [200, 429]
    # Signed out everywhere, and in again: the session has another text, and it is the same person.
    with press.app.app_context():
        press.session.get_one(Printer, 8).session_key = "new-key-of-8"
        press.session.commit()
    assert press.visitor("new-key-of-8").get("/proof").status_code == 429


def test_nobody_is_sent_to_sign_in_as_the_application_does_it(press: Press) -> None:
    press.set_up()
    assert press.visitor().get("/print").status_code == 401
    press.people.login_view = "/sign-in"
    sent = press.visitor().get("/print")
    assert (sent.status_code, sent.location) == (302, "/sign-in?next=%2Fprint")


def test_outside_of_a_request_nobody_is_signed_in(press: Press) -> None:
    proof = press.app.view_functions["proof"]
    with press.app.app_context():
        assert proof() == "read"
        assert set_rate_limit_config("proof", limit=1, reason="a test").live


def test_setup_stores_what_the_code_asks_for(press: Press) -> None:
    press.set_up()
    with press.app.app_context():
        [stored] = [one for one in list_registered_permissions() if one.name == PRINT]
        assert stored.scope == "global"
    again = press.app.test_cli_runner().invoke(args=["yoto", "setup"])
    assert "permissions: 0 added" in again.output


def test_whoever_asks_before_is_told_the_command(press: Press) -> None:
    with press.app.app_context(), pytest.raises(NotSetUp, match="run 'flask yoto setup'"):
        register_role("printer")


def test_what_is_asked_for_must_have_a_database(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Yoto(Flask("press", instance_path=str(tmp_path)), permissions=[PRINT])
    assert refused.value.key == "permissions"


def test_a_session_that_is_bound_later_is_said_to_be(tmp_path: Path, valkey_server: Server) -> None:
    session: scoped_session[Session] = scoped_session(sessionmaker())
    with pytest.raises(ConfigurationError, match="bind it before") as refused:
        Yoto(Flask("press", instance_path=str(tmp_path)), db=session, users=Printer)
    assert refused.value.key == "db"
    engine = create_engine(f"sqlite:///{tmp_path}/press.db")
    session.configure(bind=engine)
    app = Flask("press", instance_path=str(tmp_path))
    app.config["YOTO_REDIS_URL"] = valkey_server.url
    Yoto(app, db=session, users=Printer)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        session.configure(expire_on_commit=False)  # no session is left that would not heed it
    Yoto.close(app)
    engine.dispose()
