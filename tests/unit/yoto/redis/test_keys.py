from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.redis.keys import KeyBuilder, escape, slot_of

keys = KeyBuilder()
any_text = st.text(max_size=40)


def hash_tag(key: str) -> str:
    """The part that picks the slot, by the cluster specification: first '{' to the next '}'."""
    start = key.index("{")
    return key[start + 1 : key.index("}", start)]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (keys.breaker("billing-db"), "yoto:{cb:billing-db}"),
        (keys.breaker("billing-db", "window"), "yoto:{cb:billing-db}:window"),
        (keys.bulkhead("search"), "yoto:{bh:search}"),
        (keys.limiter("message.send", "u", 42, "tb"), "yoto:{rl:message.send:u:42}:tb"),
        (keys.user_permissions(42), "yoto:perm:{u:42}"),
        (keys.event_stream(), "yoto:{events}"),
        (keys.plain("instances", "a"), "yoto:instances:a"),
        (keys.tagged(("a", 1), "x", 2), "yoto:{a:1}:x:2"),
        (keys.tagged("a:b"), "yoto:{a%3Ab}"),
        (keys.behaviour_history(42), "yoto:{did:42}"),
        (keys.behaviour_log("workers"), "yoto:{deeds}:workers"),
        (KeyBuilder("other:").lock("k"), "other:{lock:k}"),
    ],
)
def test_keys_look_as_designed(key: str, expected: str) -> None:
    assert key == expected


@given(any_text, any_text)
def test_keys_of_one_guard_share_a_slot(name: str, suffix: str) -> None:
    assert slot_of(keys.breaker(name)) == slot_of(keys.breaker(name, suffix))


@given(any_text, any_text, any_text)
def test_user_text_never_breaks_the_tag(name: str, dimension: str, value: str) -> None:
    key = keys.limiter(name, dimension, value, "tb")
    assert key.count("{") == key.count("}") == 1
    assert hash_tag(key).startswith("rl:")
    assert key.endswith("}:tb")


@given(st.tuples(any_text, any_text), st.tuples(any_text, any_text))
def test_different_values_never_share_a_key(one: tuple[str, str], other: tuple[str, str]) -> None:
    same_key = keys.tagged(one, *one) == keys.tagged(other, *other)
    assert same_key == (one == other)


@given(any_text)
def test_an_escaped_part_has_no_character_with_a_meaning(text: str) -> None:
    escaped = escape(text)
    assert escaped
    assert not set(escaped) & set("{}: \n")
    assert escaped.isascii()


def test_lone_surrogates_are_escaped_like_any_other_character() -> None:
    assert escape("\ud800") != escape("\ud801")


def test_a_prefix_with_braces_is_refused() -> None:
    with pytest.raises(ValueError, match="braces"):
        KeyBuilder("{yoto}:")


def test_slots_are_those_of_the_cluster_specification() -> None:
    assert slot_of("123456789") == 0x31C3
    assert slot_of(b"yoto:{u:1}:a") == slot_of("{u:1}")
