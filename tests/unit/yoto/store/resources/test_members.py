"""Membership in a node, by the row of a member."""

from __future__ import annotations

import pytest
from sqlalchemy import Boolean, Column, Integer, MetaData, Table, create_engine, insert, select

from yoto.store.resources.types import Members

TABLE = Table(
    "members",
    MetaData(),
    Column("node", Integer),
    Column("person", Integer),
    Column("banned", Boolean),
)
ROWS = [{"node": 1, "person": n, "banned": said} for n, said in enumerate((False, True, None))]


@pytest.mark.parametrize(("declared", "belong"), [(True, [0]), (False, [0, 1, 2])])
def test_who_may_be_banned_does_not_belong(declared: bool, belong: list[int]) -> None:
    banned = TABLE.c.banned if declared else None
    members = Members(TABLE, TABLE.c.node, TABLE.c.person, banned)
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        TABLE.metadata.create_all(connection)
        connection.execute(insert(TABLE), ROWS)
        asked = select(TABLE.c.person).where(TABLE.c.node == 1, members.belonging)
        assert connection.scalars(asked.order_by(TABLE.c.person)).all() == belong
    engine.dispose()
