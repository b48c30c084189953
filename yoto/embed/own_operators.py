"""Operators for an embedding application without accounts for them: the platform's table."""

from __future__ import annotations

from flask import Flask

from yoto.auth.failed_sign_ins import failures_of
from yoto.auth.guessing import CONTROL_GUARDS
from yoto.auth.identity import Callers, init_callers
from yoto.auth.operators import account, init_operators, operator
from yoto.cli.operators import missing_first, with_operators
from yoto.cli.tables import AFTER_SETUP
from yoto.cli.tables import yoto as commands
from yoto.control_plane import ControlPlane
from yoto.control_plane.own_operators import identify, init_own_operators, own_control_plane


class OwnOperators:
    """Identifies operators who sign in to the control plane itself.

    Attributes:
        guards: what guards its sign-in.
    """

    guards = CONTROL_GUARDS

    def init_app(self, plane: Flask, app: Flask) -> None:
        """Let ``plane``, the control plane of ``app``, know its operators so."""
        init_operators(plane, identify)
        init_callers(plane, Callers(account, lambda: operator().credential))
        init_own_operators(plane)
        app.cli.add_command(with_operators(commands))
        app.extensions[AFTER_SETUP] = missing_first

    @staticmethod
    def close(plane: Flask) -> None:
        """Wait for what ``plane`` has still to record of them."""
        failures_of(plane).close()

    def control_plane(self) -> ControlPlane:
        """The further configuration of the control plane."""
        return own_control_plane()
