"""New values of guards: replayed on recorded calls, and tried by one worker first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from flask import Flask

from yoto.component import Component
from yoto.room import CONTROL_PLANE, Room

if TYPE_CHECKING:
    import click

    from yoto.control_plane.navigation import Page
    from yoto.http.operation import Subject


def _init(app: Flask, host: object) -> None:
    from yoto.resilience import Resilience

    from .operating import EXTENSION
    from .trials import trials_of

    app.extensions[EXTENSION] = trials_of(Resilience.of(app))


def _acts() -> Sequence[Subject]:
    from .operating import dry_runs, rollouts

    return (rollouts, dry_runs)


def _pages() -> Sequence[Page]:
    from yoto.control_plane.navigation import Page

    return (Page("rollouts", on="guards"), Page("rollouts", on="guard"))


def _commands() -> Mapping[str, Sequence[click.Command]]:
    from yoto.cli.operations import group_of

    from .commands import dry_runs
    from .operating import rollouts

    return {"resilience": (*dry_runs.commands.values(), group_of(rollouts))}


ROOM = Room(
    "rollouts",
    components=(Component("rollouts", init=_init),),
    needs=CONTROL_PLANE,
    acts=_acts,
    pages=_pages,
    commands=_commands,
)
