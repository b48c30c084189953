"""The tables of rooms, beside what the migrations make."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import Table, inspect, select

from yoto.parts.rooms import ALL, chosen
from yoto.room import rooms_of
from yoto.store.columns import FILLED, Model
from yoto.store.db import db


def settle_tables(app: Flask, fresh: bool) -> list[str]:
    """Make the tables that the rooms of ``app`` lack, after its migrations.

    Args:
        fresh: whether these made the database; then the tables of rooms that are off are taken away
            again. Elsewhere they stay.

    Returns:
        A line on each room that is off although there are rows of it.
    """
    on = rooms_of(app)
    lines = []
    with db.engine.begin() as connection:
        there = set(inspect(connection).get_table_names())
        for room in chosen(ALL):
            tables: list[Table] = [one.__table__ for one in room.models()]
            if room in on:
                Model.metadata.create_all(connection, tables)
            elif fresh:
                Model.metadata.drop_all(connection, tables)
            elif any(
                connection.scalar(select(1).select_from(one).limit(1))
                for one in tables
                if one.name in there and FILLED not in one.info
            ):
                lines.append(f"rooms: '{room.name}' is off, and its tables have rows; they stay")
    return lines
