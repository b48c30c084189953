"""Policies in Rego: attributes decide, beside roles."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flask import Flask

from yoto.component import Component
from yoto.room import Room

from .settings import Policies

if TYPE_CHECKING:
    import click
    from sqlalchemy import Connection

    from yoto.control_plane.navigation import Page
    from yoto.http.operation import Subject
    from yoto.operate.live.components import Part

    from .service.process import PolicyService


def _init(app: Flask, host: object) -> None:
    from .wiring import wire

    wire(app)


def _of(app: Flask) -> PolicyService:
    from .manager import PolicyManager

    return PolicyManager.of(app)


def _acts() -> Sequence[Subject]:
    from yoto.rooms.policies.operating.candidate import candidate
    from yoto.rooms.policies.operating.coverage import coverage
    from yoto.rooms.policies.operating.documents import documents
    from yoto.rooms.policies.operating.rego import policies

    return (policies, documents, candidate, coverage)


def _pages() -> Sequence[Page]:
    from yoto.control_plane.navigation import Page

    links = (("policy", "policies?policy="),)
    return (Page("policies", "/policies", live=False, after="permissions", links=links),)


def _commands() -> Mapping[str, Sequence[click.Command]]:
    from .commands import policy

    return {"": (policy,)}


def _series() -> Mapping[str, str]:
    from .series import HELP

    return HELP


def _models() -> Sequence[type[Any]]:
    from .tables import Policy, PolicyRevision, PolicyShadowCount, PolicyVersion

    return (Policy, PolicyVersion, PolicyRevision, PolicyShadowCount)


def _finds() -> Sequence[Any]:
    from .finding import found

    return (found,)


def _parts() -> Sequence[Part]:
    from .finding import engine_part
    from .manager import policy

    return (engine_part(policy.health(), round(time.time() * 1000)),)


def _set_up() -> str:
    from .manager import policy

    done = policy.sync_defaults()
    return f"policies: {len(done.stored)} stored, {len(done.removed)} removed"


def _lacks(connection: Connection) -> str:
    from .manager import policy

    return policy.lacking(connection)


_POLICIES: Component[Any] = Component(
    "policies",
    init=_init,
    start=lambda app: _of(app).ready(),
    close=lambda app: _of(app).close(),
)
ROOM = Room(
    "policies",
    settings=(Policies,),
    components=(_POLICIES,),
    acts=_acts,
    pages=_pages,
    commands=_commands,
    series=_series,
    models=_models,
    finds=_finds,
    parts=_parts,
    set_up=_set_up,
    lacks=_lacks,
)
