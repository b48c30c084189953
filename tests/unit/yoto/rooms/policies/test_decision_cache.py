"""A verdict is found again for the same input, and for no other."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.rooms.policies.decision_cache import DecisionCache, plan_for
from yoto.rooms.policies.result import Verdict
from yoto.rooms.policies.sources import FORBIDDEN

ALLOWED = Verdict(True, ())


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_verdict_is_given_until_it_ends() -> None:
    clock = Clock()
    cache = DecisionCache(10, 5.0, clock)
    cache.put("v1", "key", ALLOWED, math.inf)
    clock.now += 4.9
    assert cache.get("v1", "key") == ALLOWED
    clock.now += 0.2
    assert cache.get("v1", "key") is None


def test_the_validity_of_the_input_ends_it_earlier() -> None:
    clock = Clock()
    cache = DecisionCache(10, 5.0, clock)
    cache.put("v1", "key", ALLOWED, 1.0)
    clock.now += 1.1
    assert cache.get("v1", "key") is None


def test_another_version_has_verdicts_of_its_own() -> None:
    cache = DecisionCache(10, 5.0)
    cache.put("v1", "key", ALLOWED, math.inf)
    assert cache.get("v2", "key") is None


def test_it_is_bounded_and_zero_seconds_keep_nothing() -> None:
    cache = DecisionCache(2, 5.0)
    for key in "abc":
        cache.put("v1", key, ALLOWED, math.inf)
    assert len(cache) == 2
    cache.clear()
    cache.seconds = 0.0
    cache.put("v1", "a", ALLOWED, math.inf)
    assert len(cache) == 0


STEADY = 'package yoto.authz\ndeny contains "x" if input.a.b == 1\n'

scalars = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "0", "false", "x"])
leaves = scalars | st.lists(scalars, max_size=2)
documents: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from("abc"),
    leaves | st.dictionaries(st.sampled_from("abc"), leaves, max_size=3),
    max_size=3,
)


def key_of(document: dict[str, Any], *reads: str, **valid_for: float | None) -> Any:
    plan = plan_for(reads, [STEADY])
    assert plan is not None
    return plan.key(document, {path.replace("_", "."): held for path, held in valid_for.items()})


@given(documents, documents)
def test_inputs_share_a_key_only_if_the_policies_cannot_tell_them_apart(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    def seen(document: dict[str, Any]) -> Any:
        inner = document.get("a")
        b = inner["b"] if isinstance(inner, dict) and "b" in inner else "missing " * 9
        return json.dumps([b, document.get("c", "missing " * 9)], sort_keys=True)

    same = key_of(one, "a.b", "c") == key_of(other, "a.b", "c")
    assert same == (seen(one) == seen(other))


def test_false_zero_null_empty_and_missing_are_kept_apart() -> None:
    alike = [{"a": value} for value in (False, 0, None, "", "0", [])]
    keys = {key_of(document, "a") for document in [*alike, {}]}
    assert len(keys) == len(alike) + 1


def test_what_no_policy_reads_is_not_in_the_key() -> None:
    assert key_of({"a": 1, "at": 17}, "a") == key_of({"a": 1, "at": 18}, "a") == ("[[1]]", math.inf)


def test_what_changes_by_itself_is_left_out_and_bounds_the_time() -> None:
    early = {"subject": 1, "context": {"time": {"hour": 9}, "ip": "::1"}}
    late = {"subject": 1, "context": {"time": {"hour": 10}, "ip": "::1"}}
    for reads in (("subject", "context.time.hour"), ("subject", "context.time")):
        assert key_of(early, *reads, context_time=30.0) == key_of(late, *reads, context_time=30.0)
        assert key_of(early, *reads, context_time=30.0)[1] == 30.0


def test_a_policy_that_reads_more_than_what_changes_keeps_the_rest_in_the_key() -> None:
    document = {"context": {"time": {"hour": 9}, "ip": "::1"}}
    moved = {"context": {"time": {"hour": 9}, "ip": "::2"}}
    later = {"context": {"time": {"hour": 11}, "ip": "::1"}}
    key = key_of(document, "context", context_time=30.0)
    assert key == key_of(later, "context", context_time=30.0)
    assert key != key_of(moved, "context", context_time=30.0)


@pytest.mark.parametrize("held", [None, 0.0, -1.0, math.nan])
def test_what_holds_for_nobody_knows_how_long_is_never_given_again(held: float | None) -> None:
    document = {"context": {"quota": {"left": 3}}}
    assert key_of(document, "context.quota.left", context_quota=held) is None
    assert key_of(document, "context", context_quota=held) is None
    assert key_of(document, "subject", context_quota=held) is not None


def test_the_shortest_validity_counts() -> None:
    _, holds = key_of({"a": 1, "b": 2}, "a", "b", a=5.0, b=2.0)
    assert holds == 2.0


@pytest.mark.parametrize(
    "call",
    [
        "time.now_ns()",
        'f(1) with f as time["now_ns"]',
        "io.jwt.decode_verify(input.a, {})[0]",
        "crypto.x509.parse_and_verify_certificates_with_options(input.a, {})[0]",
    ],
)
def test_a_policy_that_asks_a_clock_is_not_cached(call: str) -> None:
    assert plan_for({"a"}, [STEADY, f"package yoto.authz\nlate if {call} > 5"]) is None


@pytest.mark.parametrize(
    "name", ["http.send", "net.lookup_ip_addr", "opa.runtime", "rand.intn", "uuid.rfc4122"]
)
def test_nothing_else_that_changes_by_itself_may_be_called(name: str) -> None:
    assert name in FORBIDDEN


def test_a_policy_whose_reads_are_unknown_is_not_cached() -> None:
    assert plan_for({"*"}, [STEADY]) is None


def test_a_value_that_is_no_json_is_refused() -> None:
    with pytest.raises(ValueError):
        key_of({"a": math.nan}, "a")
