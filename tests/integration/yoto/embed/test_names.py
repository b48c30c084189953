"""Types that are called as those of communities are, and are somebody else's: with UUIDs."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask, request
from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, scoped_session, sessionmaker

from tests.support.redis_servers import Server
from yoto import Yoto, people
from yoto.api.visibility import sees
from yoto.extensions import permissions
from yoto.permission import number_of


class Base(DeclarativeBase):
    """A hosting company's own."""


class Customer(Base):
    """Somebody who rents machines."""

    __tablename__ = "customers"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)


class Machine(Base):
    """A server, which customers belong to."""

    __tablename__ = "machines"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)


class Tenant(Base):
    """A customer of a machine."""

    __tablename__ = "tenants"

    machine_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Machine.id), primary_key=True)
    customer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Customer.id), primary_key=True)


class Line(Base):
    """A channel of a machine."""

    __tablename__ = "lines"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    machine_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Machine.id))


SEND = "line.send"


@pytest.fixture
def app(url: str, valkey_server: Server, tmp_path: Path) -> Iterator[Flask]:
    engine = create_engine(url)
    db = scoped_session(sessionmaker(engine, expire_on_commit=False))
    Base.metadata.create_all(engine)
    app = Flask("hosting", instance_path=str(tmp_path))
    app.secret_key = "only the tests of the company use it"
    app.config["YOTO_REDIS_URL"] = valkey_server.url
    app.config["YOTO_REDIS_KEY_PREFIX"] = f"test-hosting-{secrets.token_hex(4)}:"
    yoto = Yoto(
        db=db,
        users=people(Customer),
        caller=lambda: request.headers.get("Who"),
        control_plane=True,
        operators=lambda: None,
        sign_in="nowhere",
        rooms="review",
    )
    yoto.resource("server", Machine, members=Tenant)
    yoto.resource("channel", Line, parent="machine_id")
    yoto.init_app(app)
    app.extensions["test.db"] = db
    made = app.test_cli_runner().invoke(args=["yoto", "setup"])
    assert made.exit_code == 0, made.output
    with app.app_context():
        yield app
    Yoto.close(app)
    db.remove()
    engine.dispose()


def test_every_question_about_them_is_answered(app: Flask) -> None:
    db = app.extensions["test.db"]
    mara, other, machine = (
        Customer(id=uuid.uuid4()),
        Customer(id=uuid.uuid4()),
        Machine(id=uuid.uuid4()),
    )
    db.add_all([mara, other, machine])
    db.flush()
    line, silent = (Line(id=uuid.uuid4(), machine_id=machine.id) for _ in range(2))
    db.add_all([line, silent, Tenant(machine_id=machine.id, customer_id=mara.id)])
    db.commit()
    permissions.register_permission(SEND, scope="channel")
    began = datetime.now(UTC) - timedelta(seconds=1)
    [talker] = permissions.register_role("talker", home=("server", machine.id)).ids
    permissions.assign_permissions_to_role(talker, [SEND], "server", machine.id)
    permissions.assign(mara.id, talker, at=("channel", line.id))
    permissions.set_overwrite(at=("channel", silent.id), user_id=mara.id, deny=[SEND])
    place = ("channel", line.id)

    assert permissions.check_permission(mara.id, SEND, *place)
    assert not permissions.check_permission(mara.id, SEND, "channel", silent.id)
    assert permissions.explain(mara.id, SEND, *place).allowed
    assert [one.user_id for one in permissions.review.who_can(SEND, *place).lines] == [mara.id]
    difference = permissions.review.difference(SEND, *place, since=began)
    assert [one.user_id for one in difference.gained] == [mara.id]
    assert permissions.list_users(SEND, *place).ids == (mara.id,)
    assert permissions.list_resources(mara.id, SEND, "channel").ids == (line.id,)
    below = permissions.list_resources(mara.id, SEND, "channel", within=("server", machine.id))
    assert below.ids == (line.id,)
    assert db.scalars(permissions.visible(select(Line.id), mara.id, SEND)).all() == [line.id]
    assert permissions.nodes_with(mara.id, SEND, "channel", "server", machine.id) == [line.id]
    assert permissions.allowed_permissions(mara.id, *place) == [SEND]
    numbers = number_of(mara.id), number_of(other.id)
    assert [sees(one, "server", machine.id) for one in numbers] == [True, False]
    assert [sees(one, *place) for one in numbers] == [True, False]
    permissions.assign(mara.id, talker)
    both = [(mara.id, other.id), (other.id, mara.id)]
    assert [permissions.outranks(*pair, home=("server", machine.id)) for pair in both] == [
        True,
        False,
    ]
    # A permission that policies judge in channels with hours is judged in the community's alone.
    permissions.assign_permissions_to_role(talker, ["message.send"], "server", machine.id)
    seen = permissions.visible(select(Line.id), mara.id, "message.send")
    assert set(db.scalars(seen)) == {line.id, silent.id}
