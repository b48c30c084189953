"""A client's view of its own user: the predicted next steps, and the controls worth showing.

A snapshot is no credential. It is signed with a key that is made for it alone, is no JWT, and no
check of the platform reads one: presenting one changes no decision. The signature lets a client, or
a service in front of it that has the key, keep a snapshot in a place that others can write to.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer

from yoto.errors import ValidationFailed
from yoto.permission import Place, parse_place
from yoto.rooms.prefetch.analyzer import Prediction
from yoto.rooms.prefetch.steps import json_id

# Distinguishes the key: nothing else that is signed can be taken for a snapshot, or one for it.
SALT = "yoto.permission-snapshot"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A user's permissions in some places at a position.

    Attributes:
        user_id: the user.
        position: position in the invalidation log; changes up to here are included; None: unknown.
        places: scope, id and names of permissions. Policies were not asked: permissions that they
            check may be denied all the same.
        expires_in: seconds for which it is valid.
        token: all of it, signed.
    """

    user_id: int
    position: str | None
    places: tuple[tuple[Place, tuple[str, ...]], ...]
    expires_in: float
    token: str = ""


class ClientSidePredictor:
    """Predictions and snapshots for one application's clients."""

    def __init__(
        self,
        secrets: Sequence[str],
        seconds: float,
        predictions: Callable[[int], Sequence[Prediction]],
        effective: Callable[[int, Place], Sequence[str]],
        position: Callable[[], str | None],
    ) -> None:
        """
        Args:
            secrets: the application's key, and those that are accepted beside it; keys for
                snapshots alone are derived from them.
            seconds: how long a snapshot is valid.
            predictions: gives a user's next steps, from their own actions.
            effective: gives the names of a user's permissions in a place; raises
                ``UnknownResource``.
            position: gives the position up to which changes are known here.
        """
        keys = [
            hmac.digest(one.encode(), b"yoto permission snapshots", "sha256") for one in secrets
        ]
        # The last one signs.
        self._signer = URLSafeTimedSerializer(
            keys[::-1], SALT, signer_kwargs={"digest_method": hashlib.sha256}
        )
        self._seconds = seconds
        self._predictions = predictions
        self._effective = effective
        self._position = position

    def predict(self, user_id: int, limit: int) -> list[Prediction]:
        """The likeliest next steps, at most ``limit``."""
        return list(self._predictions(user_id)[:limit])

    def snapshot(self, user_id: Any, places: Sequence[Place]) -> Snapshot:
        """The user's permissions in ``places`` now.

        Raises:
            UnknownResource: one of them does not exist.
            StoreUnavailable: the database did not answer.
        """
        # Before anything is read: changes up to here are certainly included, later ones perhaps.
        position = self._position()
        found = tuple((place, tuple(self._effective(user_id, place))) for place in places)
        document = {
            "user": json_id(user_id),
            "position": position,
            "places": [[place.kind, json_id(place.id), list(names)] for place, names in found],
        }
        token = self._signer.dumps(document)
        return Snapshot(user_id, position, found, self._seconds, str(token))

    def read(self, token: str) -> Snapshot:
        """The contents of a snapshot, if it is one of ours and not too old. It decides nothing.

        Raises:
            ValidationFailed: it is neither, or the application no longer has such places.
        """
        try:
            document: Any = self._signer.loads(token, max_age=int(self._seconds))
        except BadData as error:
            raise ValidationFailed({"token": f"is no snapshot that is good now: {error}"}) from None
        places = tuple(
            (_place(kind, place_id), tuple(names)) for kind, place_id, names in document["places"]
        )
        return Snapshot(document["user"], document["position"], places, self._seconds, token)


def _place(kind: str, place_id: Any) -> Place:
    """A place of a snapshot; its type defines the meaning of a text."""
    return parse_place(kind, place_id) if isinstance(place_id, str) else Place(kind, place_id)
