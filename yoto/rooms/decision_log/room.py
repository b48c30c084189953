"""The decision log: every denial and a sample of what was allowed, and the same questions again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flask import Flask

from yoto.component import Component
from yoto.room import Room

from .settings import DecisionRecords

if TYPE_CHECKING:
    import click

    from yoto.control_plane.navigation import Page
    from yoto.http.operation import Subject
    from yoto.operate.finding import Recorded

    from .replaying import Replaying


def _init(app: Flask, host: object) -> None:
    from .log import init_log

    init_log(app)


def _close(app: Flask) -> None:
    from .log import close_log

    close_log(app)


def _models() -> Sequence[type[Any]]:
    from .tables import DecisionCount, DecisionRecord

    return (DecisionRecord, DecisionCount)


def _acts() -> Sequence[Subject]:
    from .operating import decisions

    return (decisions,)


def _pages() -> Sequence[Page]:
    from yoto.control_plane.navigation import Page

    records = "permissions?tab=decisions&"
    links = (("request", f"{records}request="), ("denials", f"{records}allowed=false&"))
    return (
        Page("decision_log", on="permissions", links=links),
        Page("denials", on="person", after="records"),
        Page("decisions", on="resource", after="matrix"),
    )


def _questions() -> Sequence[click.Command]:
    from .commands import questions

    return tuple(questions.commands.values())


def _recorded() -> Sequence[Recorded]:
    from .operating import RECORDED

    return (RECORDED,)


def _offers() -> Replaying:
    from .replaying import REPLAYING

    return REPLAYING


_LOG: Component[Any] = Component("decision log", init=_init, close=_close)
ROOM = Room(
    "decision_log",
    settings=(DecisionRecords,),
    components=(_LOG,),
    models=_models,
    acts=_acts,
    pages=_pages,
    questions=_questions,
    recorded=_recorded,
    offers=_offers,
)
