"""Somebody else's application on PostgreSQL, by either driver, with a schema of its own."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from tests.support.postgresql import PostgreSQL
from tests.support.redis_servers import Server
from yoto import (
    Yoto,
    assign_permissions_to_role,
    assign_roles_to_user,
    list_users,
    people,
    register_role,
    require_permission,
    revoke_roles_from_user,
)

ORDER = "order.refund"


@pytest.fixture
def address(postgresql: PostgreSQL) -> sa.URL:
    """A database whose roles find the schema ``shop``."""
    name = f"hosted_{secrets.token_hex(4)}"
    url = sa.make_url(postgresql.create_database(name))
    with postgresql.connect(name) as connection:
        connection.execute("CREATE SCHEMA shop")
        connection.execute(f"ALTER DATABASE {name} SET search_path = shop".encode())
    return url


@pytest.fixture
def extension() -> SQLAlchemy:
    class Base(DeclarativeBase):
        pass

    return SQLAlchemy(model_class=Base)


@pytest.fixture(params=["psycopg", "psycopg2"])
def shop(
    request: pytest.FixtureRequest,
    address: sa.URL,
    extension: SQLAlchemy,
    valkey_server: Server,
    tmp_path: Path,
) -> Iterator[Flask]:
    app = host(address.set(drivername=f"postgresql+{request.param}"), extension, tmp_path)
    app.config["YOTO_REDIS_URL"] = valkey_server.url
    try:
        platform(app, extension)
        with app.app_context():
            extension.create_all()
        made = app.test_cli_runner().invoke(args=["yoto", "setup"])
        assert made.exit_code == 0, made.output
        yield app
    finally:
        Yoto.close(app)
        with app.app_context():
            extension.session.remove()
            extension.engine.dispose()


def host(url: sa.URL, extension: SQLAlchemy, folder: Path) -> Flask:
    app = Flask("hosted", instance_path=str(folder))
    app.secret_key = "only the tests of the shop use it"
    app.config["SQLALCHEMY_DATABASE_URI"] = url.render_as_string(hide_password=False)
    app.config["YOTO_REDIS_KEY_PREFIX"] = f"test-hosted-{secrets.token_hex(4)}:"
    extension.init_app(app)
    return app


def platform(app: Flask, extension: SQLAlchemy) -> None:
    class Person(extension.Model):  # type: ignore[name-defined,misc]
        __tablename__ = "people"

        id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
        email: Mapped[str] = mapped_column(sa.String(100), unique=True)

    Yoto(
        app,
        db=extension,
        users=people(Person, name="email"),
        permissions=[ORDER],
        caller=lambda: request.headers.get("Who"),
    )

    @app.post("/people/<email>")
    def add(email: str) -> str:
        person = Person(email=email)
        extension.session.add(person)
        extension.session.commit()
        return str(person.id)

    @app.post("/refund")
    @require_permission(ORDER)
    def refund() -> str:
        return "refunded"


def test_people_known_by_uuids_get_and_lose_a_permission(shop: Flask, address: sa.URL) -> None:
    client = shop.test_client()
    mara, other = (client.post(f"/people/{name}@example.org").text for name in ("mara", "other"))

    def refunds(who: str) -> int:
        return client.post("/refund", headers={"Who": who}).status_code

    assert refunds(mara) == 403
    with shop.app_context():
        [clerk] = register_role("clerk").ids
        assign_permissions_to_role(clerk, [ORDER], reason="the desk")
        assign_roles_to_user(uuid.UUID(mara), [clerk], reason="her first day")
    assert (refunds(mara), refunds(other)) == (200, 403)
    with shop.app_context():
        assert list_users(ORDER, "global").ids == (uuid.UUID(mara),)
        revoke_roles_from_user(uuid.UUID(mara), [clerk], reason="her last day")
    assert refunds(mara) == 403
    # All that the platform has is in the schema, with UUIDs as such and texts compared exactly.
    engine = sa.create_engine(address)
    with engine.connect() as connection:
        found = connection.execute(
            sa.text(
                "SELECT DISTINCT table_schema FROM information_schema.tables "
                "WHERE table_name LIKE 'yoto%'"
            )
        )
        assert found.scalars().all() == ["shop"]
        key = connection.scalar(
            sa.text(
                "SELECT data_type FROM information_schema.columns "
                "WHERE table_name = 'yoto_subjects' AND column_name = 'key'"
            )
        )
        assert key == "uuid"
    engine.dispose()
