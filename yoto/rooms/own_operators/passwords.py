"""Passwords of operators: their rules and their hashes."""

from __future__ import annotations

from werkzeug.security import check_password_hash, generate_password_hash

from yoto.errors import ValidationFailed
from yoto.hashing import PASSWORD_MAX_LENGTH, normalised
from yoto.weak_passwords import is_weak

PASSWORD_MIN_LENGTH = 12  # characters
# Parameters of scrypt by OWASP's password storage cheat sheet: 32 MiB, and 0.2 s.
METHOD = "scrypt:32768:8:3"
# A hash that takes as long to check as a real one, and fits no password.
NOBODYS = f"{METHOD}${'0' * 16}${'0' * 128}"


def hash_of(password: str, name: str) -> str:
    """The hash to store for the new password of ``name``.

    Raises:
        ValidationFailed: it is too short, too long, or easy to guess.
    """
    password = normalised(password)
    if not PASSWORD_MIN_LENGTH <= len(password) <= PASSWORD_MAX_LENGTH:
        raise ValidationFailed(
            {"password": f"must have {PASSWORD_MIN_LENGTH} to {PASSWORD_MAX_LENGTH} characters"}
        )
    if is_weak(password, name):
        raise ValidationFailed({"password": "is one of those that are guessed first"})
    return generate_password_hash(password, METHOD)


def opens(stored: str | None, password: str) -> bool:
    """Whether ``password`` made ``stored``; None (no such operator) takes the same time."""
    return check_password_hash(NOBODYS if stored is None else stored, normalised(password))
