"""A room: an optional feature in one folder, which an application may leave out.

``yoto/rooms/NAME`` holds all of a feature, and its ``room.py`` declares what it adds as ``ROOM``.
Nothing outside the folder imports it: an application is wired with the rooms that it has, and each
part of the core asks them for what they add. ``yoto.parts.rooms`` lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any

from flask import Flask, current_app, has_app_context

from yoto.component import Component
from yoto.extras import demand_extra
from yoto.settings import Setting, declared

EXTENSION = "yoto.rooms"
# Levels that an application may consist of, ascending; each has all before it.
LEVELS = (GUARDS, PERMISSIONS, CONTROL_PLANE) = ("guards", "permissions", "control plane")


def nothing() -> Sequence[Any]:
    """A kind of additions that a room does not have."""
    return ()


def no_names() -> Mapping[Any, Any]:
    """The same for what has names."""
    return {}


def no_lack(connection: object) -> str:
    """The same for what the database must have."""
    return ""


@dataclass(frozen=True, eq=False)
class Room:
    """A feature's additions. Functions import what they return, so a declaration costs nothing.

    Attributes:
        name: the name of its folder, also in ``YOTO_ROOMS``.
        settings: classes of declarations of its keys.
        as_guest: other defaults of these keys where the platform is a guest.
        components: its running parts, made and started after those of the core, in whose hooks they
            register, and closed before them.
        needs: the lowest of ``LEVELS`` that an application must have for it.
        rest: returns blueprints of the API for people.
        blueprints: returns blueprints that belong to no API.
        pages: returns its pages of the control plane, and sections on those of the core, each a
            ``yoto.control_plane.navigation.Page``.
        acts: returns the acts of operators: subjects with declared routes and commands, or
            blueprints of the control plane.
        commands: returns commands by the name of their group after ``flask``; "": groups.
        questions: returns commands of ``flask permission`` that change nothing, also for guests.
        recorded: returns what the search finds of a request: the kind, a model with ``request_id``,
            and the address of a page by that id and the row's.
        offers: returns the value of ``permissions.NAME``.
        extra: the extra of ``pip install yoto[...]`` whose modules it needs; "": none.
        suggestions: returns what could be tuned, as plain values, for the status.
        warm_up: further steps of the warm-up, by name; each returns a description of its work.
        live: keys of its settings that operators change while workers run, in ``tuning:fleet``.
        series: returns its metrics with their descriptions.
        models: returns the mapped classes of its tables.
        sweeps: returns tables to be swept: a class, the name of the column of the end of a row, and
            the key of the days for which a row is kept after it.
        problems: returns answers to its errors, by their class.
        brings: returns responses of the control plane's API that are sent along with pages: by
            address, the right that a viewer needs and the function that reads the response. A
            response that no page names is sent along with every page.
        causes: returns what is out of order now, for the headline: by the name of a source, a
            function of ``yoto.operate.live.headline.Names``, which finds the names of accounts.
        finds: returns functions that find its things by name, as those of ``yoto.operate.finding``.
        first_steps: returns what a new installation needs for it: by name, what that is, and a
            function that says whether it is done.
        topics: returns topics of events for sockets of the control plane: by name, the name of the
            messages, their ``TypeFilter``, and a function that returns the snapshot.
        parts: returns its lines of the status, each a ``yoto.operate.live.components.Part``.
        set_up: stores what the database must have for it, and returns a line about that.
        lacks: returns, by a connection, what of that is missing; "": nothing.
        operators: returns a ``yoto.embed.operators.Operators``, for the control plane of a guest
            that has none of its own.
    """

    name: str
    settings: tuple[type, ...] = ()
    as_guest: Mapping[str, Any] = field(default_factory=dict)
    components: tuple[Component[Any], ...] = ()
    needs: str = PERMISSIONS
    rest: Callable[[], Sequence[Any]] = nothing
    blueprints: Callable[[], Sequence[Any]] = nothing
    pages: Callable[[], Sequence[Any]] = nothing
    acts: Callable[[], Sequence[Any]] = nothing
    commands: Callable[[], Mapping[str, Sequence[Any]]] = no_names
    questions: Callable[[], Sequence[Any]] = nothing
    recorded: Callable[[], Sequence[Any]] = nothing
    offers: Callable[[], Any] | None = None
    extra: str = ""
    suggestions: Callable[[], Sequence[Any]] = nothing
    warm_up: Mapping[str, Callable[[], Mapping[str, Any]]] = field(default_factory=dict)
    live: tuple[str, ...] = ()
    series: Callable[[], Mapping[str, str]] = no_names
    models: Callable[[], Sequence[type[Any]]] = nothing
    sweeps: Callable[[], Sequence[tuple[type[Any], str, str]]] = nothing
    problems: Callable[[], Mapping[type[Exception], Callable[[Any], Any]]] = no_names
    brings: Callable[[], Mapping[str, tuple[str, Callable[[], Any]]]] = no_names
    causes: Callable[[], Mapping[str, Callable[[Any], Iterable[Any]]]] = no_names
    finds: Callable[[], Sequence[Callable[..., Iterable[Any]]]] = nothing
    first_steps: Callable[[], Mapping[str, tuple[str, Callable[[], bool]]]] = no_names
    topics: Callable[[], Mapping[str, tuple[str, Any, Callable[[], Any]]]] = no_names
    parts: Callable[[], Sequence[Any]] = nothing
    set_up: Callable[[], str] | None = None
    lacks: Callable[[Any], str] = no_lack
    operators: Callable[[], Any] | None = None

    @property
    def keys(self) -> dict[str, Setting]:
        """The declarations of its settings."""
        return {key: one for owner in self.settings for key, one in declared(owner).items()}

    @cached_property
    def folder(self) -> Path:
        """The folder that it is in."""
        return Path(str(import_module(f"yoto.rooms.{self.name}.room").__file__)).parent


def keep_rooms(app: Flask, rooms: Iterable[Room]) -> None:
    """Let ``app`` have ``rooms``, in this order; before its parts are made.

    Raises:
        ConfigurationError: the extra of one is not installed.
    """
    kept = app.extensions[EXTENSION] = tuple(rooms)
    for one in kept:
        demand_extra(one.extra, f"room {one.name!r}")


def rooms_of(app: Flask) -> tuple[Room, ...]:
    """The rooms of ``app``, in the order in which the platform lists them."""
    found: tuple[Room, ...] = app.extensions.get(EXTENSION, ())
    return found


def has_room(app: Flask, name: str) -> bool:
    """Whether the room of this name is on in ``app``."""
    return any(one.name == name for one in rooms_of(app))


def components_of(app: Flask) -> tuple[Component[Any], ...]:
    """The parts of the rooms of ``app``, to be made after those of the core."""
    return tuple(chain.from_iterable(one.components for one in rooms_of(app)))


def of_rooms(app: Flask, kind: Callable[[Room], Callable[[], Sequence[Any]]]) -> list[Any]:
    """All additions of the rooms of ``app`` of one kind, such as ``lambda room: room.acts``."""
    return list(chain.from_iterable(kind(one)() for one in rooms_of(app)))


def named_of_rooms(
    app: Flask, kind: Callable[[Room], Callable[[], Mapping[str, Any]]]
) -> dict[str, Any]:
    """The same of a kind that has names, such as ``lambda room: room.causes``."""
    return {name: one for room in rooms_of(app) for name, one in kind(room)().items()}


def offered(name: str) -> Any:
    """The object that the room of this name offers in the current application.

    Raises:
        AttributeError: there is no such room, it is off, or there is no application context.
    """
    for one in rooms_of(current_app) if has_app_context() else ():
        if one.name == name and one.offers is not None:
            return one.offers()
    why = "it is off (see docs/rooms.md)" if has_app_context() else "ask in a context of its app"
    raise AttributeError(f"there is no {name!r}; if it is a room, {why}")
