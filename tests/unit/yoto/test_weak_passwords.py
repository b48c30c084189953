"""Passwords that are guessed first are refused, and others are not."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.weak_passwords import is_placeholder, is_weak


@pytest.mark.parametrize(
    "password",
    ["1234567890", "PASSWORD", "qwertyuiop", "aaaaaaaaaa", "ada.lovelace", "Ada.Lovelace1815!"],
)
def test_a_common_password_and_the_name_are_weak(password: str) -> None:
    assert is_weak(password, "ada.lovelace")


@pytest.mark.parametrize(
    "password",
    ["correct horse battery", "my ada.lovelace diary", "aaaaaaaaab", "钥匙钥匙钥匙钥匙钥"],
)
def test_another_one_is_not(password: str) -> None:
    assert not is_weak(password, "ada.lovelace") and not is_weak(password, "")


@pytest.mark.parametrize(
    "key",
    [
        "changemechangemechangemechangeme",
        "x" * 32,
        "0123456789abcdef",
        "12345678901234567890",
        "please-change-me-in-production",
        "your_secret_key_here_CHANGE_ME",
        "<a long random string of at least 32 characters>",
        "django-insecure-change-me-123456",
        "password12345678",
        "qwertyuiopasdfgh",
    ],
)
def test_the_keys_of_examples_are_known(key: str) -> None:
    assert is_placeholder(key)


@given(st.binary(min_size=16, max_size=48))
def test_a_random_key_is_none_of_an_example(noise: bytes) -> None:
    key = hashlib.sha256(noise).digest()
    assert not is_placeholder(key.hex())
    assert not is_placeholder(base64.urlsafe_b64encode(key).decode())
    assert not is_placeholder(f"a sentence that somebody made up, such as {noise.hex()[:4]}")
