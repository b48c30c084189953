"""What is guessed first is refused, and the rest is not."""

from __future__ import annotations

import pytest

from yoto.weak_passwords import is_weak


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
