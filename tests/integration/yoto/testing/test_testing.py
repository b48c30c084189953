"""``yoto.testing``: an application under test has no Redis, and a database in memory."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, scoped_session, sessionmaker

from yoto import (
    PUBLIC,
    BulkheadFull,
    CircuitOpen,
    RateLimited,
    StoreUnavailable,
    ValidationFailed,
    Yoto,
    bulkhead,
    check_permission,
    circuit_breaker,
    create_lock,
    get_rate_limit_status,
    guarded,
    has_permission,
    list_users,
    rate_limit,
    require_permission,
)
from yoto.testing import CONFIG, acting_as, grant, refusing, set_up

MARA, TOMAS = uuid.uuid4(), uuid.uuid4()
REFUND = "order.refund"


class Base(DeclarativeBase):
    pass


class Person(Base):
    __tablename__ = "people"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)


@contextmanager
def shop(folder: Path, **said: Any) -> Iterator[Flask]:
    app = Flask("shop", instance_path=str(folder))
    app.secret_key = "only what signs sessions of tests"
    app.config.update(CONFIG)
    engine = create_engine(f"sqlite:///{folder}/shop.db")
    db = scoped_session(sessionmaker(engine))
    Base.metadata.create_all(engine)
    Yoto(app, db=db, users=Person, permissions=[REFUND], **said)
    set_up(app)
    with app.app_context():
        db.add_all([Person(id=MARA), Person(id=TOMAS)])
        db.commit()

    @app.post("/refunds")
    @require_permission(REFUND)
    def refund() -> dict[str, bool]:
        return {"shown": has_permission(REFUND)}

    try:
        yield app
    finally:
        Yoto.close(app)
        engine.dispose()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with shop(tmp_path_factory.mktemp("shop"), roles={"clerk": [REFUND]}) as app:
        yield app


@pytest.mark.parametrize("plane", [False, True], ids=["permissions", "control plane"])
def test_requests_are_those_of_the_person_who_is_acted_as(tmp_path: Path, plane: bool) -> None:
    with shop(tmp_path, control_plane=plane) as app:
        client = app.test_client()
        grant(app, MARA, REFUND)
        with acting_as(app, TOMAS):
            assert client.post("/refunds").status_code == 403
            with acting_as(app, MARA):
                assert client.post("/refunds").json == {"shown": True}
            assert client.post("/refunds").status_code == 403
        assert client.post("/refunds").status_code == 401


def test_a_grant_counts_at_once_inside_a_context_and_outside(app: Flask) -> None:
    grant(app, TOMAS, role="clerk")
    with app.app_context():
        assert check_permission(TOMAS, REFUND) and not check_permission(PUBLIC, REFUND)
        grant(app, PUBLIC, REFUND)
        assert check_permission(PUBLIC, REFUND)
        assert TOMAS in list_users(REFUND, "global").ids


def test_a_grant_that_cannot_be_says_why(app: Flask) -> None:
    for given, role in (((), None), ((REFUND,), "clerk")):
        with pytest.raises(TypeError, match="permissions or a role"):
            grant(app, MARA, *given, role=role)
    with pytest.raises(ValidationFailed, match=r"unknown permission 'order\.refnd'"):
        grant(app, MARA, "order.refnd")
    with pytest.raises(ValidationFailed, match="UUID"), acting_as(app, "nobody"):
        pass


def test_a_guard_refuses_inside_the_block_and_nowhere_else(app: Flask) -> None:
    @rate_limit("search", limit=5, window=60, key="all")
    def search() -> str:
        return "found"

    @circuit_breaker("warehouse", fallback=lambda: "later")
    def ask() -> str:
        return "there"

    @bulkhead("report", max_concurrent=2)
    def report() -> str:
        return "written"

    with app.app_context():
        for function, name, error in (
            (search, "search", RateLimited),
            (report, "report", BulkheadFull),
        ):
            result = function()
            with refusing(app, name), pytest.raises(error):
                function()
            assert function() == result
        with refusing(app, "warehouse"):
            assert (ask(), search()) == ("later", "found")
        assert ask() == "there"


@pytest.mark.parametrize(
    ("parts", "error"),
    [
        ({"circuit_breaker"}, CircuitOpen),
        ({"rate_limit"}, RateLimited),
        ({"bulkhead"}, BulkheadFull),
    ],
)
def test_guards_of_several_parts_refuse_by_each(
    app: Flask, parts: set[str], error: type[Exception]
) -> None:
    @guarded("checkout", key="all", parts=parts)
    def check_out() -> str:
        return "paid"

    with app.app_context():
        with refusing(app, "checkout"), pytest.raises(error):
            check_out()
        assert check_out() == "paid"


def test_a_block_around_a_block_still_refuses(app: Flask) -> None:
    with refusing(app, "outer"):
        with refusing(app, "outer"):
            pass
        with app.app_context():
            assert get_rate_limit_status("outer", "all").remaining == 0
    with app.app_context():
        assert get_rate_limit_status("outer", "all").allowed


def test_guards_that_are_on_refuse_by_their_numbers_alone(tmp_path: Path) -> None:
    app = Flask("on", instance_path=str(tmp_path))
    app.config.update({**CONFIG, "YOTO_RESILIENCE_ENABLED": True})
    Yoto(app)
    with pytest.raises(RuntimeError, match="YOTO_RESILIENCE_ENABLED"), refusing(app, "search"):
        pass
    Yoto.close(app)


def test_what_needs_redis_says_so(app: Flask) -> None:
    with app.app_context(), pytest.raises(StoreUnavailable, match="redis"):
        create_lock("rebuild").acquire()


def test_an_application_on_flask_sqlalchemy_is_tested_alike(tmp_path: Path) -> None:
    app = Flask("shop", instance_path=str(tmp_path))
    app.config.update({**CONFIG, "SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path}/shop.db"})
    db = SQLAlchemy()

    class User(db.Model):  # type: ignore[name-defined, misc]
        id: Mapped[int] = mapped_column(primary_key=True)

    db.init_app(app)
    Yoto(app, db=db, users=User, permissions=[REFUND])
    with app.app_context():
        db.create_all()
        set_up(app)
        db.session.add(User(id=1))
        db.session.commit()
        grant(app, 1, REFUND)
        assert check_permission(1, REFUND)
        Yoto.close(app)
        db.engine.dispose()


def test_a_set_up_that_fails_has_its_output(tmp_path: Path) -> None:
    app = Flask("shop", instance_path=str(tmp_path))
    app.config.update(CONFIG)
    Yoto(app)
    with pytest.raises(RuntimeError, match="No such command 'setup'"):
        set_up(app)
    Yoto.close(app)


def test_nothing_but_the_fixtures_takes_pytest() -> None:
    load = "import sys; sys.modules['pytest'] = None; import yoto.testing"
    subprocess.run([sys.executable, "-c", load], check=True)
