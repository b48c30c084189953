"""Snapshots: signed, short-lived, and good for nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from yoto.errors import ValidationFailed
from yoto.permission import Place
from yoto.rooms.prefetch.client import ClientSidePredictor

SECRET = "a key that only this test uses"
PLACES = [Place("channel", 3), Place("global")]


def names(user_id: int, place: Place) -> Sequence[str]:
    return ["message.send"] if place.id else []


def predictor(secret: str = SECRET, seconds: float = 60.0) -> ClientSidePredictor:
    return ClientSidePredictor([secret], seconds, lambda user_id: [], names, lambda: "17-0")


def test_it_says_what_the_user_has_and_as_of_when() -> None:
    snapshot = predictor().snapshot(7, PLACES)
    assert snapshot.places == ((PLACES[0], ("message.send",)), (PLACES[1], ()))
    assert (snapshot.user_id, snapshot.position, snapshot.expires_in) == (7, "17-0", 60.0)


def test_it_can_be_read_by_who_has_the_key() -> None:
    snapshot = predictor().snapshot(7, PLACES)
    assert predictor().read(snapshot.token) == snapshot


def test_another_key_or_a_changed_byte_is_refused() -> None:
    token = predictor().snapshot(7, PLACES).token
    changed = ("A" if token[0] != "A" else "B") + token[1:]
    for reader, text in ((predictor("another"), token), (predictor(), changed), (predictor(), "")):
        with pytest.raises(ValidationFailed, match="token"):
            reader.read(text)


def test_it_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    token = predictor(seconds=5).snapshot(7, PLACES).token
    stamp = TimestampSigner.get_timestamp
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: stamp(self) + 7)
    with pytest.raises(ValidationFailed, match="token"):
        predictor(seconds=5).read(token)


def test_what_the_application_signs_for_other_ends_is_none() -> None:
    document: Any = {"user": 7, "position": None, "places": []}
    token = URLSafeTimedSerializer(SECRET, "cookie-session").dumps(document)
    with pytest.raises(ValidationFailed, match="token"):
        predictor().read(str(token))
