"""Operators in a table of the platform's own, for an application without operators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from yoto.extras import demand
from yoto.room import CONTROL_PLANE, Room

if TYPE_CHECKING:
    from .sign_in import OwnOperators


def _models() -> Sequence[type[Any]]:
    from .model import PlatformOperator

    return (PlatformOperator,)


def _operators() -> OwnOperators:
    demand("zxcvbn", "operators")
    from .sign_in import OwnOperators

    return OwnOperators()


ROOM = Room("own_operators", needs=CONTROL_PLANE, models=_models, operators=_operators)
