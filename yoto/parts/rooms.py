"""All rooms of the platform. A new one is its folder and a line here."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from flask import Flask
from sqlalchemy import Table, inspect, select

from yoto.errors import ConfigurationError
from yoto.room import Room, rooms_of
from yoto.store.columns import Model
from yoto.store.db import db

ROOMS = (
    "access_requests",
    "authzen",
    "decision_log",
    "forecast",
    "own_operators",
    "prefetch",
    "review",
    "rollouts",
    "templates",
    "tuner",
    "what_if",
)
ALL, NONE = "all", "none"


def chosen(names: str | Iterable[str], key: str = "ROOMS") -> tuple[Room, ...]:
    """The rooms of these names, in the order of ``ROOMS``.

    Args:
        names: ``"all"`` or ``"none"``; or names, as a list or a text with commas.
        key: the setting that an error names.

    Raises:
        ConfigurationError: one is no room.
    """
    if isinstance(names, str):
        whole = {ALL: ROOMS, NONE: ()}.get(names)
        names = [one.strip() for one in names.split(",")] if whole is None else whole
    wanted = set(names)
    for unknown in sorted(wanted.difference(ROOMS)):
        known = ", ".join((ALL, NONE, *ROOMS))
        raise ConfigurationError(key, f"{unknown!r} is no room; there are: {known}")
    return tuple(_room(one) for one in ROOMS if one in wanted)


def _room(name: str) -> Room:
    found: Room = import_module(f"yoto.rooms.{name}.room").ROOM
    return found


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
                one.name in there and connection.scalar(select(1).select_from(one).limit(1))
                for one in tables
            ):
                lines.append(f"rooms: '{room.name}' is off, and its tables have rows; they stay")
    return lines
