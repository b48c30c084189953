"""Operators of an application that has no accounts for them: a table, and a page to sign in."""

from __future__ import annotations

from flask import Flask

from yoto.auth.failed_sign_ins import init_failures
from yoto.auth.guessing import CONTROL_GUARDS, CONTROL_SIGN_IN
from yoto.hashing import HashingTurns
from yoto.operate.application import ControlPlane

from .service import EXTENSION_KEY, OwnOperator, administrators, operator_of
from .session import LIFETIME, identify, person
from .views import sign_in_pages

__all__ = ["OwnOperator", "identify", "init_own_operators", "own_control_plane"]


def init_own_operators(plane: Flask) -> None:
    """Let operators sign in to ``plane`` by the table; it needs the guards ``CONTROL_GUARDS``."""
    plane.extensions[EXTENSION_KEY] = HashingTurns()
    init_failures(plane, operator_of)
    plane.config["PERMANENT_SESSION_LIFETIME"] = LIFETIME
    plane.register_blueprint(sign_in_pages)


def own_control_plane() -> ControlPlane:
    """The control plane of an application whose operators are in the table."""
    return ControlPlane(
        person=person,
        sign_in="sign_in.sign_in_form",
        sign_out="sign_in.sign_out",
        sign_in_limits=frozenset({CONTROL_SIGN_IN}),
        limits_against_guessing=frozenset(CONTROL_GUARDS),
        administrators=lambda most: administrators(),
    )
