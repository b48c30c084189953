"""An application that got Yoto in its code, and whose ``flask yoto setup`` has not run yet."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import String, create_engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, scoped_session, sessionmaker

from tests.support.redis_servers import Server
from yoto import Yoto, check_permission


class Base(DeclarativeBase):
    """The shop's own."""


class Clerk(Base):
    __tablename__ = "clerks"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(20))


class Shop:
    def __init__(self, url: str, redis: str, folder: Path, person: Any) -> None:
        self.engine = create_engine(url)
        Base.metadata.create_all(self.engine)
        self.session = scoped_session(sessionmaker(self.engine))
        self.app = Flask("shop", instance_path=str(folder))
        self.app.config["YOTO_REDIS_URL"] = redis
        self.app.config["YOTO_REDIS_KEY_PREFIX"] = f"test-shop-{secrets.token_hex(4)}:"
        Yoto(self.app, db=self.session, users=person, permissions=["order.refund"])

    def names(self, person: Any) -> list[str]:
        return list(self.session.scalars(select(person.name).order_by(person.name)))


@pytest.fixture
def open_shop(empty: str, valkey_server: Server, tmp_path: Path) -> Iterator[Callable[[Any], Shop]]:
    opened: list[Shop] = []

    def open_one(person: Any) -> Shop:
        opened.append(Shop(empty, valkey_server.url, tmp_path, person))
        return opened[-1]

    yield open_one
    for shop in opened:
        Yoto.close(shop.app)
        shop.session.remove()
        shop.engine.dispose()


@pytest.mark.parametrize(("person", "key"), [(Clerk, 1), (Customer, "ada")])
def test_people_come_change_and_go_before_setup_which_takes_in_the_rest(
    open_shop: Callable[[Any], Shop], person: Any, key: Any
) -> None:
    shop = open_shop(person)
    with shop.app.app_context():
        other = type(key)("2") if isinstance(key, int) else "bob"
        shop.session.add_all([person(id=key, name="Ada"), person(id=other, name="Bob")])
        shop.session.commit()
        shop.session.get_one(person, key).name = "Ada L."
        shop.session.commit()
        shop.session.delete(shop.session.get_one(person, other))
        shop.session.commit()
        assert shop.names(person) == ["Ada L."]
    made = shop.app.test_cli_runner().invoke(args=["yoto", "setup"])
    assert made.exit_code == 0, made.output
    with shop.app.app_context():
        assert check_permission(key, "order.refund") is False


def test_where_one_table_is_missing_nothing_is_committed(
    open_shop: Callable[[Any], Shop],
) -> None:
    shop = open_shop(Clerk)
    shop.app.test_cli_runner().invoke(args=["yoto", "setup"])
    with shop.app.app_context():
        shop.session.execute(text("DROP TABLE yoto_permission_outbox"))
        shop.session.commit()
        shop.session.add(Clerk(id=1, name="Ada"))
        with pytest.raises(DBAPIError, match="yoto_permission_outbox"):
            shop.session.commit()
        shop.session.rollback()
        assert shop.names(Clerk) == []
