"""Dry runs of changes of rights: who would gain and lose which permissions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from yoto.room import Room

if TYPE_CHECKING:
    import click
    from flask_smorest import Blueprint

    from yoto.control_plane.navigation import Page
    from yoto.http.operation import Subject

    from .trying import Trying


def _rest() -> Sequence[Blueprint]:
    from .views import routes

    return (routes,)


def _acts() -> Sequence[Subject]:
    from .operating import compare, what_if

    return (what_if, compare)


def _pages() -> Sequence[Page]:
    from yoto.control_plane.navigation import Page

    return (
        Page("compare", on="permissions"),
        *(Page("what_if", on=page) for page in ("permissions", "resource", "role")),
    )


def _questions() -> Sequence[click.Command]:
    from .commands import questions

    return tuple(questions.commands.values())


def _offers() -> Trying:
    from .trying import TRYING

    return TRYING


ROOM = Room("what_if", rest=_rest, acts=_acts, pages=_pages, questions=_questions, offers=_offers)
