"""AuthZEN Authorization API 1.0: the permission platform as anybody's policy decision point."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint

from yoto.room import Room

from .settings import Access


def _pages() -> Sequence[Blueprint]:
    from .views import access

    return (access,)


ROOM = Room(
    "authzen",
    settings=(Access,),
    # Its people are known by their ids everywhere.
    as_guest={"AUTHZEN_SUBJECT": "id"},
    # Who calls is known to routes of the platform only beside one.
    needs_plane=True,
    pages=_pages,
)
