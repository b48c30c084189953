"""Which tokens are remembered, what answers for one, and for how long."""

from __future__ import annotations

from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.auth.token_memory import TokenClaims, TokenMemory

KEY = "a key of a good many characters, at least thirty-two"
CLAIMS: dict[str, Any] = {
    "sub": "7",
    "epoch": 3,
    "fam": "sign-in",
    "jti": "token",
    "exp": 2_000_000_000,
    "type": "access",
}
NOW = 1_900_000_000.0
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def signed(**changed: Any) -> tuple[str, TokenClaims]:
    claims = CLAIMS | changed
    found = TokenClaims.of(claims)
    assert found is not None
    return jwt.encode(claims, KEY, "HS256"), found


def test_a_verified_token_answers_for_its_whole_text() -> None:
    memory = TokenMemory()
    text, claims = signed()
    memory.remember(text, claims)
    assert memory.get(text, NOW) is claims
    assert (claims.user_id, claims.epoch, claims.family) == (7, 3, "sign-in")
    assert claims.denial_keys == ("sign-in", "token")


@given(st.data())
def test_no_other_text_is_answered_for(data: st.DataObject) -> None:
    memory = TokenMemory()
    text, claims = signed()
    memory.remember(text, claims)
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.characters())
    other = data.draw(
        st.sampled_from(
            [text[:place] + letter + text[place + 1 :], text[:place] + letter + text[place:]]
            + [text[:place], text + letter, letter + text, text.lower(), ""]
        )
    )
    assert memory.get(other, NOW) is (claims if other == text else None)


@given(st.floats(0, 4_000_000_000))
def test_a_token_answers_until_it_runs_out_and_never_after(now: float) -> None:
    memory = TokenMemory()
    text, claims = signed()
    memory.remember(text, claims)
    assert memory.get(text, now) is (claims if now < 2_000_000_000 else None)


def test_a_refresh_token_is_never_remembered() -> None:
    memory = TokenMemory()
    text, claims = signed(type="refresh")
    assert claims.denial_keys == ("sign-in",)
    memory.remember(text, claims)
    assert len(memory) == 0


@given(st.sampled_from(ALPHABET))
def test_of_the_spellings_of_a_signature_one_is_remembered(last: str) -> None:
    text, claims = signed()
    spelled = text[:-1] + last
    try:
        jwt.decode(spelled, KEY, ["HS256"], options={"verify_exp": False})
    except jwt.InvalidTokenError:
        return  # only a verified token is remembered
    memory = TokenMemory()
    memory.remember(spelled, claims)
    assert len(memory) == (spelled == text)


@pytest.mark.parametrize("noise", ["!", " ", "=", "\n", ",", "\u00e9"])
def test_letters_that_a_decoder_reads_over_are_not_remembered(noise: str) -> None:
    memory = TokenMemory()
    text, claims = signed()
    memory.remember(text + noise, claims)
    memory.remember(f"{text[:-5]}{noise}{text[-5:]}", claims)
    assert len(memory) == 0


def test_memory_is_bounded_and_keeps_who_came_last() -> None:
    memory = TokenMemory(size=3)
    tokens = [signed(jti=f"token {number}") for number in range(5)]
    for text, claims in tokens:
        memory.remember(text, claims)
    assert [memory.get(text, NOW) is not None for text, _ in tokens] == [False] * 2 + [True] * 3


@pytest.mark.parametrize(
    "odd",
    [
        {"sub": 7},
        {"sub": "0"},
        {"sub": "seven"},
        {"sub": "٧"},
        {"epoch": "3"},
        {"epoch": True},
        {"epoch": None},
        {"fam": None},
        {"jti": None},
        {"jti": 5},
        {"exp": None},
        {"exp": "2000000000"},
    ],
)
def test_claims_that_are_none_of_ours_say_nothing(odd: dict[str, Any]) -> None:
    assert TokenClaims.of(CLAIMS | odd) is None
