"""Behaviour, predictions and snapshots of one user, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yoto.api.visibility import demand_sight
from yoto.permission import Place
from yoto.rooms.prefetch.analyzer import Prediction
from yoto.rooms.prefetch.extension import PREFETCH
from yoto.rooms.prefetch.steps import checked_step


def record(user_id: int, deeds: Sequence[Mapping[str, Any]]) -> int:
    """Record the actions that a client reports of its user; returns how many were taken.

    Raises:
        ValidationFailed: one of them is no valid action; none is taken then.
    """
    steps = [
        (checked_step(deed["action"], deed["scope"], deed["scope_id"]), float(deed["seconds_ago"]))
        for deed in deeds
    ]
    return PREFETCH.current.record(user_id, steps)


def predictions(user_id: int, limit: int) -> list[dict[str, Any]]:
    """The likeliest next steps among those that the user has done."""
    return [_plain(one) for one in PREFETCH.current.client.predict(user_id, limit)]


def snapshot(user_id: int, places: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The user's permissions in some places, signed.

    Raises:
        ValidationFailed, UnknownResource: one of them is no place, or does not exist.
    """
    asked = [Place(place["scope"], place["scope_id"]) for place in places]
    demand_sight(user_id, asked)
    taken = PREFETCH.current.client.snapshot(user_id, asked)
    return {
        "user_id": taken.user_id,
        "position": taken.position,
        "expires_in": taken.expires_in,
        "token": taken.token,
        "places": [
            {"scope": place.kind, "scope_id": place.id, "permissions": names}
            for place, names in taken.places
        ],
    }


def _plain(prediction: Prediction) -> dict[str, Any]:
    action, scope, scope_id = prediction.step
    return {
        "action": action,
        "scope": scope,
        "scope_id": scope_id,
        "probability": round(prediction.probability, 6),
    }
