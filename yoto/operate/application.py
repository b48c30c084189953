"""The facts that the control plane needs from the application that it is part of.

``yoto.auth.operators`` says who is an operator; everything else is here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import current_app
from flask_smorest import Blueprint

from yoto.api.people import Person
from yoto.auth.operators import Operator, SocketCredential

EXTENSION_KEY = "yoto.control_plane"


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """The application's part of its control plane.

    Attributes:
        person: the name of an operator; None: they have no account.
        socket_credential: finds the owner of a new socket from the data that its client sent, which
            may be None; raises ``Unauthorized``. An application without Socket.IO needs none.
        sign_in: endpoint of the page that signs operators in, and leads back to the page that its
            parameter ``next`` names; None: they sign in elsewhere.
        sign_out: endpoint of the POST that ends a session; None: there is none here.
        api_docs: endpoint of a page on the application's own API, if it has one.
        sign_in_limits: names of the limits on tries to sign in.
        limits_against_guessing: names of the limits that stop password guessing: only
            administrators change them, and their callers are not shown.
        administrators: counts the accounts that may administer the platform, up to the number
            given; None: the application does not say.
        routes: JSON routes of the application on its operators.
        static: folders of style and scripts of the application's own pages, by the name that they
            have in addresses; modules in them import ``../control/dom.js``.
    """

    person: Callable[[Operator], Person | None]
    socket_credential: Callable[[Any], SocketCredential] | None = None
    sign_in: str | None = None
    sign_out: str | None = None
    api_docs: str | None = None
    sign_in_limits: frozenset[str] = frozenset()
    limits_against_guessing: frozenset[str] = frozenset()
    administrators: Callable[[int], int] | None = None
    routes: Sequence[Blueprint] = field(default=())
    static: Mapping[str, Path] = field(default_factory=dict)


def of_application() -> ControlPlane:
    """The control plane of the current application."""
    found: ControlPlane = current_app.extensions[EXTENSION_KEY]
    return found
