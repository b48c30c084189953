"""Secrets do not pass, and the rest does."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.logs import HIDDEN, Redactor

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.c2lnbmF0dXJl"
HASH = "$argon2id$v=19$m=64,t=1,p=4$c29tZXNhbHQ$aGFzaG9mdGhlcGFzc3dvcmQ"
# Characters of a password where it stands in an address.
PASSWORDS = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Z"), blacklist_characters="@"),
    min_size=8,
    max_size=60,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"got Bearer {TOKEN} from them", f"got Bearer {HIDDEN} from them"),
        (f"a token {TOKEN}, they say", f"a token {HIDDEN}, they say"),
        (
            "Authorization: Basic YWRhOnNlY3JldA==\r\nHost: x",
            f"Authorization: {HIDDEN}\r\nHost: x",
        ),
        ("{'Cookie': 'yoto_session=abc; other=def'}", f"{{'Cookie': {HIDDEN}"),
        ("X-Device-Token: 9c1f-22", f"X-Device-Token: {HIDDEN}"),
        ('{"password": "correct horse \\" battery", "n": 1}', f'{{"password": {HIDDEN}, "n": 1}}'),
        ("new_password='a b c' and=more", f"new_password={HIDDEN} and=more"),
        ("?refresh_token=abc&page=2", f"?refresh_token={HIDDEN}&page=2"),
        ("webhook_secret=whsec_5f2a", f"webhook_secret={HIDDEN}"),
        ("mysql+pymysql://yoto:p%40ss@db:3306/yoto", f"mysql+pymysql://yoto:{HIDDEN}@db:3306/yoto"),
        ("redis://:hunter2@redis:6379/0", f"redis://:{HIDDEN}@redis:6379/0"),
        ("https://ada:p@ss/w:rd@example.org/x", f"https://ada:{HIDDEN}@example.org/x"),
        ("it sent yoto_api_x-Yz_09 twice", f"it sent {HIDDEN} twice"),
        ("yoto_glass_AbC-dEf, they say", f"{HIDDEN}, they say"),
        ("signed by whsec_c2Vj+/=", f"signed by {HIDDEN}"),
        (
            "to https://hooks.slack.com/services/T0/B0/x: 404",
            f"to https://hooks.slack.com/{HIDDEN} 404",
        ),
        ("https://discord.com/api/webhooks/1/abc", f"https://discord.com/{HIDDEN}"),
        (f"('{HASH}', 7)", f"('{HIDDEN}', 7)"),
    ],
)
def test_a_secret_is_known_by_its_look(text: str, shown: str) -> None:
    assert Redactor().text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "locks lost: 3, such as 'x' (token 12): its lease ends",
        "worker 17 ended with -9",
        "redis 127.0.0.1:6379 is away: Connection refused",
        "http://127.0.0.1:5000/control/?page=2",
        "2026-11-24T23:47:01.933154Z",
        "a key error: 'x'",
        "the tokens of 3 people are refused",
    ],
)
def test_what_is_none_is_left_alone(text: str) -> None:
    assert Redactor().text(text) == text


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "new_password",
        "passwd",
        "refresh_token",
        "X-Device-Token",
        "Authorization",
        "HTTP_AUTHORIZATION",
        "Set-Cookie",
        "SECRET_KEY",
        "apiKey",
        "csrf_token",
        "webhook.secret",
    ],
)
def test_a_secret_is_known_by_its_name(name: str) -> None:
    fields: dict[str, Any] = {name: "x1", "deeper": [{name: ["x2"]}], "user_id": 7}
    shown = Redactor().fields(fields)
    assert shown == {name: HIDDEN, "deeper": [{name: HIDDEN}], "user_id": 7}


def test_that_there_is_no_secret_is_none() -> None:
    assert Redactor().fields({"token": None, "has_token": True}) == {
        "token": None,
        "has_token": True,
    }


@given(value=st.text(min_size=8, max_size=40), before=st.text(), after=st.text())
def test_a_known_value_is_nowhere(value: str, before: str, after: str) -> None:
    shown = Redactor([value, value[:8]]).text(before + value + after)
    assert value not in shown.replace(HIDDEN, "")


@given(password=PASSWORDS)
def test_a_password_in_an_address_is_nowhere(password: str) -> None:
    shown = Redactor().text(f"cannot reach mysql://yoto:{password}@db/yoto now")
    assert shown == f"cannot reach mysql://yoto:{HIDDEN}@db/yoto now"


def test_a_short_value_of_a_setting_hides_no_words() -> None:
    assert Redactor(["yoto"]).text("yoto is a yoto") == "yoto is a yoto"


class Account:
    def __repr__(self) -> str:
        return "Account(password='x1')"


def test_objects_are_read_as_they_would_be_written() -> None:
    shown = Redactor().fields({"who": Account(), "nan": float("nan"), "all": {1, 2}})
    assert shown == {"who": f"Account(password={HIDDEN})", "nan": "nan", "all": [1, 2]}


def test_nesting_ends() -> None:
    endless: dict[str, Any] = {}
    endless["again"] = endless
    assert "..." in repr(Redactor().fields(endless))


def test_a_long_text_is_cut() -> None:
    assert len(Redactor().text("x" * 100_000)) < 20_000


@pytest.mark.parametrize(
    "piece",
    [
        "a://b:",
        "eyJ-",
        "token",
        "token:'",
        "bearer ",
        "$2a$",
        "a.b-c_",
        "cookie",
        'secret="\\',
        "@:/",
    ],
)
def test_a_strangers_text_costs_no_more_than_its_length(piece: str) -> None:
    """A pattern that tries again from each place would take minutes, not a part of a second."""
    text = piece * (16_000 // len(piece))
    began = time.thread_time()
    Redactor(["a known value"]).text(text)
    assert time.thread_time() - began < 2.0
