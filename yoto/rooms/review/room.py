"""Reviews: who has a permission, since when and by what; who gained or lost it meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from yoto.room import Room

if TYPE_CHECKING:
    import click
    from flask_smorest import Blueprint

    from yoto.control_plane.navigation import Page

    from .reviewing import Reviewing


def _rest() -> Sequence[Blueprint]:
    from .views import review

    return (review,)


def _acts() -> Sequence[Blueprint]:
    from .operating import review_control

    return (review_control,)


def _pages() -> Sequence[Page]:
    from yoto.control_plane.navigation import Page

    return (Page("review", on="permissions"), Page("who", on="resource", after="about"))


def _questions() -> Sequence[click.Command]:
    from .commands import questions

    return tuple(questions.commands.values())


def _offers() -> Reviewing:
    from .reviewing import REVIEWING

    return REVIEWING


ROOM = Room("review", rest=_rest, acts=_acts, pages=_pages, questions=_questions, offers=_offers)
