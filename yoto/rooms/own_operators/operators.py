"""What a control plane asks of the platform's own operators."""

from __future__ import annotations

from flask import Flask

from yoto.auth.failed_sign_ins import failures_of, init_failures
from yoto.auth.guessing import CONTROL_GUARDS, CONTROL_SIGN_IN
from yoto.auth.identity import Callers, init_callers
from yoto.auth.operators import account, init_operators, operator
from yoto.cli.tables import AFTER_SETUP
from yoto.cli.tables import yoto as commands
from yoto.control_plane import ControlPlane
from yoto.hashing import HashingTurns

from .commands import missing_first, with_operators
from .service import EXTENSION_KEY, administrators, operator_of
from .session import LIFETIME, identify, person
from .views import sign_in_pages


class OwnOperators:
    """Identifies operators who sign in to the control plane itself.

    Attributes:
        guards: the guards of the sign-in.
    """

    guards = CONTROL_GUARDS

    def init_app(self, plane: Flask, app: Flask) -> None:
        """Make ``plane``, the control plane of ``app``, identify operators this way."""
        init_operators(plane, identify)
        init_callers(plane, Callers(account, lambda: operator().credential))
        plane.extensions[EXTENSION_KEY] = HashingTurns()
        init_failures(plane, operator_of)
        plane.config["PERMANENT_SESSION_LIFETIME"] = LIFETIME
        plane.register_blueprint(sign_in_pages)
        app.cli.add_command(with_operators(commands))
        app.extensions[AFTER_SETUP] = missing_first

    @staticmethod
    def close(plane: Flask) -> None:
        """Wait for records about operators that ``plane`` has still to write."""
        failures_of(plane).close()

    def control_plane(self) -> ControlPlane:
        """The further configuration of the control plane."""
        return ControlPlane(
            person=person,
            sign_in="sign_in.sign_in_form",
            sign_out="sign_in.sign_out",
            sign_in_limits=frozenset({CONTROL_SIGN_IN}),
            limits_against_guessing=frozenset(CONTROL_GUARDS),
            administrators=lambda most: administrators(),
        )
