"""An OPA server that is gone, slow, or talks nonsense: no verdict within the time-out, and back."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from time import monotonic

import pytest

from tests.contract.resilience.platform import Platform
from tests.contract.rooms.policies.conftest import AMPLE, MakeOpa
from tests.support.bundles import default_bundle, rules
from tests.support.faulty_opa import ALLOW, FaultyOpa, http
from tests.support.opa import OpaServer
from tests.support.redis_servers import Server
from tests.support.waiting import wait_until
from yoto import DeadlineExceeded, deadline
from yoto.errors import PolicyError, PolicyUnavailable
from yoto.redis import RedisSettings
from yoto.rooms.policies import (
    OPA_BREAKER,
    Bundle,
    CompiledPolicies,
    OpaEngine,
    OpaSettings,
    Verdict,
)
from yoto.rooms.policies.engine.opa import engine as opa_engine
from yoto.rooms.policies.engine.opa.wire import Deadline

BUNDLE = rules('deny contains "one" if input.x == 1')
TIMEOUT = 1.0
# Seconds that a busy machine may need to notice that the time is over.
LATE = 20.0

ANSWERS = {
    "no HTTP": b"\x00\x01 garbage\r\n\r\n",
    "no JSON": http(b"<html>hello</html>"),
    "half a JSON text": http(ALLOW[:-5]),
    "half a body": http(ALLOW[:10], length=len(ALLOW)),
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "nothing": b"",
    "a list": http(b"[]"),
    "a text": http(b'"allow"'),
    "true": http(b'{"result": true}'),
    "two values": http(b'{"result":{"values":[1,2]}}'),
    "a bad gateway": http(b"{}", "502 Bad Gateway"),
    "a redirect": http(b"{}", "302 Found"),
    "no rights": http(b'{"code":"unauthorized"}', "401 Unauthorized"),
    "an error of its own": http(b'{"code":"internal_error","message":"disk"}', "500 Internal"),
    "an unknown path": http(b"{}", "404 Not Found"),
    "deep nesting": http(b"[" * 100_000),
}


@pytest.fixture
def faulty() -> Iterator[FaultyOpa]:
    with FaultyOpa() as server:
        yield server


@pytest.fixture
def compiled(faulty: FaultyOpa, make_opa: MakeOpa) -> CompiledPolicies:
    policies: CompiledPolicies = make_opa(faulty.url, timeout=TIMEOUT).compile(BUNDLE)
    return policies


@pytest.mark.parametrize("answer", ANSWERS)
def test_nonsense_is_no_verdict(faulty: FaultyOpa, compiled: CompiledPolicies, answer: str) -> None:
    good, faulty.answer, faulty.hang_up = faulty.answer, ANSWERS[answer], True
    began = monotonic()

    with pytest.raises(PolicyUnavailable):
        compiled.evaluate("{}")

    assert monotonic() - began < TIMEOUT + LATE
    faulty.answer = good
    assert compiled.evaluate("{}").allow


@pytest.mark.parametrize(
    "value", [b'{"allow":1,"deny":[]}', b'{"allow":true}', b"true", b"null", b'{"allow":"true"}']
)
def test_a_decision_of_another_shape_is_no_verdict(
    faulty: FaultyOpa, compiled: CompiledPolicies, value: bytes
) -> None:
    faulty.answer = http(b'{"result":{"values":[' + value + b"]}}")

    with pytest.raises(PolicyError):
        compiled.evaluate("{}")


@pytest.mark.parametrize("drip", [None, 0.2], ids=["silent", "a byte from time to time"])
def test_a_slow_answer_is_given_up_in_time(
    faulty: FaultyOpa, compiled: CompiledPolicies, drip: float | None
) -> None:
    faulty.answer, faulty.drip = (None if drip is None else http(ALLOW)), drip
    began = monotonic()

    with pytest.raises(PolicyUnavailable):
        compiled.evaluate("{}")

    # All bytes would take more than half a minute.
    assert TIMEOUT <= monotonic() - began + 0.01 < TIMEOUT + LATE
    faulty.answer, faulty.drip = http(ALLOW), None
    assert compiled.evaluate("{}").allow


@pytest.mark.parametrize("drip", [None, 0.2], ids=["silent", "a byte from time to time"])
def test_a_callers_deadline_ends_the_wait_and_is_no_fault_of_the_server(
    faulty: FaultyOpa, make_opa: MakeOpa, drip: float | None
) -> None:
    compiled = make_opa(faulty.url, timeout=AMPLE).compile(BUNDLE)
    faulty.answer, faulty.drip = (None if drip is None else http(ALLOW)), drip
    began = monotonic()
    with deadline(0.5), pytest.raises(DeadlineExceeded) as caught:
        compiled.evaluate("{}")
    assert monotonic() - began < LATE
    assert caught.value.spent["opa"] >= 0.4


def test_a_connection_that_the_server_closed_is_replaced(
    faulty: FaultyOpa, compiled: CompiledPolicies
) -> None:
    faulty.hang_up = True

    assert [compiled.evaluate("{}").allow for _ in range(3)] == [True] * 3


def test_the_token_is_sent(faulty: FaultyOpa, make_opa: MakeOpa) -> None:
    make_opa(faulty.url, token="open sesame").compile(BUNDLE).evaluate("{}")

    assert b"Authorization: Bearer open sesame" in faulty.last


def test_a_killed_server_is_no_verdict_and_an_empty_one_is_filled_again(
    own_opa_server: OpaServer, make_opa: MakeOpa
) -> None:
    policies = make_opa(own_opa_server.url).compile(default_bundle())
    before = own_opa_server.module_ids()

    own_opa_server.kill()
    with pytest.raises(PolicyUnavailable):
        policies.evaluate("{}")
    own_opa_server.start()

    assert "missing:subject.id" in policies.evaluate("{}").deny
    assert own_opa_server.module_ids() == before


def test_many_who_miss_the_policies_send_them_once(
    own_opa_server: OpaServer, make_opa: MakeOpa
) -> None:
    policies = make_opa(own_opa_server.url).compile(default_bundle())
    own_opa_server.restart()
    verdicts: list[Verdict] = []

    threads = [
        threading.Thread(target=lambda: verdicts.append(policies.evaluate("{}"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(verdicts) == 8
    assert not any(verdict.allow for verdict in verdicts)


def test_a_bundle_that_is_there_in_part_gives_no_verdict_of_its_own(
    own_opa_server: OpaServer, make_opa: MakeOpa
) -> None:
    engine = make_opa(own_opa_server.url)
    modules = {
        "main": 'package yoto.authz\n\ndecision := {"allow": count(deny) == 0, "deny": deny}\n\n'
        "deny contains code if some code in data.yoto.authz.inner.deny\n",
        "inner": 'package yoto.authz.inner\n\ndeny contains "one" if input.x == 1\n',
    }
    policies = engine.compile(Bundle(modules))
    (rules_id,) = (one for one in own_opa_server.module_ids() if one.endswith(".inner"))

    engine.wire.ask("DELETE", f"/v1/policies/{rules_id}", None, Deadline(AMPLE))

    # Without the rules nothing would be denied.
    assert policies.evaluate('{"x": 1}').deny == ("one",)
    assert rules_id in own_opa_server.module_ids()


def test_data_that_is_gone_is_put_back_before_a_verdict(
    own_opa_server: OpaServer, make_opa: MakeOpa
) -> None:
    engine = make_opa(own_opa_server.url)
    policies = engine.compile(rules('deny contains "in" if input.x in data.listed', listed=[1]))
    (prefix,) = {one.split("/")[1] for one in own_opa_server.module_ids()}

    engine.wire.ask("DELETE", f"/v1/data/{prefix}", None, Deadline(AMPLE))

    assert policies.evaluate('{"x": 1}').deny == ("in",)


def test_what_was_not_used_for_a_while_is_taken_from_the_server(
    own_opa_server: OpaServer, make_opa: MakeOpa, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = make_opa(own_opa_server.url)
    used, unused = engine.compile(BUNDLE), engine.compile(default_bundle())
    before = own_opa_server.module_ids()

    unused.close()
    engine.sweep()
    assert own_opa_server.module_ids() == before, "other processes may still need it"
    monkeypatch.setattr(opa_engine, "KEPT_AFTER_USE", 0.0)
    engine.sweep()

    left = own_opa_server.module_ids()
    assert left and all(one.startswith(f"yoto/p{used.version}/") for one in left)
    assert used.evaluate('{"x": 1}').deny == ("one",)


def test_versions_that_came_and_went_do_not_pile_up(
    own_opa_server: OpaServer, make_opa: MakeOpa, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opa_engine, "MOST_KEPT", 1)
    engine = make_opa(own_opa_server.url)
    used = engine.compile(BUNDLE)

    for number in range(5):
        engine.compile(rules(f"deny contains {number} if false")).close()

    # The version in use, the newest, and the one that is kept.
    assert len({one.split("/")[1] for one in own_opa_server.module_ids()}) == 3
    assert used.evaluate('{"x": 1}').deny == ("one",)


def test_a_refused_bundle_leaves_the_old_one_alone(
    opa_server: OpaServer, make_opa: MakeOpa
) -> None:
    engine = make_opa(opa_server.url)
    policies = engine.compile(BUNDLE)

    with pytest.raises(PolicyError):
        engine.compile(rules('deny contains "one" if unknown == 1'))

    assert policies.evaluate('{"x": 1}').deny == ("one",)


def test_compiling_without_a_server_says_so(make_opa: MakeOpa) -> None:
    engine = make_opa("http://127.0.0.1:9")

    with pytest.raises(PolicyUnavailable):
        engine.compile(BUNDLE)
    assert engine.health().state == "unavailable"


def test_the_breaker_keeps_callers_from_a_silent_server_and_lets_them_back(
    faulty: FaultyOpa, valkey_server: Server
) -> None:
    prefix = f"opa-{secrets.token_hex(6)}:"
    platform = Platform(
        RedisSettings.from_config({"REDIS_URL": valkey_server.url, "REDIS_KEY_PREFIX": prefix})
    )
    breaker = platform.live_breaker("opa", lambda: OPA_BREAKER)
    engine = OpaEngine(OpaSettings(faulty.url, timeout=AMPLE), lambda: breaker)
    compiled = engine.compile(BUNDLE)
    faulty.answer = http(b"{}", "502 Bad Gateway")

    for _ in range(OPA_BREAKER.consecutive_failures):
        with pytest.raises(PolicyUnavailable):
            compiled.evaluate("{}")
    asked = faulty.requests
    with pytest.raises(PolicyUnavailable, match="CircuitOpen"):
        compiled.evaluate("{}")
    assert faulty.requests == asked

    faulty.answer = http(ALLOW)
    wait_until(lambda: _allows(compiled), AMPLE, "the breaker to close")
    engine.close()
    platform.close()


def _allows(compiled: CompiledPolicies) -> bool:
    try:
        return compiled.evaluate("{}").allow
    except PolicyUnavailable:
        return False
