"""Operators as accounts: their sign-in to the control plane, and the list of them."""

from pathlib import Path

from app.auth.operators import socket_credential
from app.blueprints.operators.accounts import operators
from app.blueprints.operators.own_second_factor import second_factor as own_second_factor
from app.blueprints.operators.person import person_control, role_control
from app.blueprints.operators.sign_in import person, sign_in_pages
from app.blueprints.operators.tokens import tokens as api_tokens
from app.extensions import permissions
from app.guards import AGAINST_GUESSING, CONTROL_SIGN_IN, SIGN_IN
from yoto.auth.operators import ADMIN
from yoto.control_plane import ControlPlane
from yoto.http.declared import blueprint
from yoto.nodes import GLOBAL

__all__ = ["CONTROL_PLANE", "sign_in_pages"]

CONTROL_PLANE = ControlPlane(
    person=person,
    socket_credential=socket_credential,
    sign_in="sign_in.sign_in_form",
    sign_out="sign_in.sign_out",
    api_docs="docs.page",
    sign_in_limits=frozenset({SIGN_IN, CONTROL_SIGN_IN}),
    limits_against_guessing=AGAINST_GUESSING,
    administrators=lambda most: len(permissions.list_users(ADMIN, *GLOBAL, limit=most).ids),
    # Their modules import those of the control plane, so they go with them.
    static={"community": Path(__file__).parents[2] / "static" / "community"},
    routes=(
        blueprint(own_second_factor),
        blueprint(api_tokens),
        blueprint(operators),
        person_control,
        role_control,
    ),
)
