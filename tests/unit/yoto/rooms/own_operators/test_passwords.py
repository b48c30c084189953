"""Passwords of operators in the platform's own table."""

from __future__ import annotations

import unicodedata

import pytest
from werkzeug import security

from yoto.errors import ValidationFailed
from yoto.rooms.own_operators import passwords
from yoto.rooms.own_operators.passwords import METHOD, hash_of, opens

PASSWORD = "café crème brûlée"


def test_a_password_opens_its_own_hash_however_it_is_typed() -> None:
    stored = hash_of(PASSWORD, "mara")
    assert stored.startswith(f"{METHOD}$") and stored != hash_of(PASSWORD, "mara")
    assert opens(stored, unicodedata.normalize("NFD", PASSWORD))
    assert not opens(stored, PASSWORD.upper())


def test_of_nobody_the_same_work_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    stored, done = hash_of(PASSWORD, "mara"), []
    hashed = security._hash_internal

    def counted(method: str, salt: str, password: str) -> tuple[str, str]:
        done.append((method, len(salt)))
        return hashed(method, salt, password)

    monkeypatch.setattr(security, "_hash_internal", counted)
    assert not opens(stored, "a guess") and not opens(None, "a guess")
    assert done[0] == done[1] == (METHOD, 16)


@pytest.mark.parametrize(
    "password", ["eleven char", "x" * 129, "qwerty123456", "mara0123456789", "z" * 12]
)
def test_what_is_guessed_first_cannot_be_one(password: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        passwords.hash_of(password, "mara")
    assert set(refused.value.errors) == {"password"}
