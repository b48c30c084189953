"""AuthZEN Authorization API 1.0: the platform as a policy decision point of other programs."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint

from yoto.room import CONTROL_PLANE, Room

from .settings import Access


def _blueprints() -> Sequence[Blueprint]:
    from .views import access

    return (access,)


ROOM = Room(
    "authzen",
    settings=(Access,),
    # An embedding application knows its people by their ids everywhere.
    as_guest={"AUTHZEN_SUBJECT": "id"},
    # Without a control plane, routes of the platform do not know their callers.
    needs=CONTROL_PLANE,
    blueprints=_blueprints,
)
