"""The server's clock is set back: use from the future neither locks out nor counts twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.resilience.conftest import OWN, reach_of
from tests.contract.resilience.platform import Platform
from yoto.errors import CircuitOpen
from yoto.redis import Script
from yoto.resilience import Outcome, RateLimitResult, algorithm_names, find_algorithm, scripts
from yoto.resilience.algorithms.contract import with_clock

HOUR = 3_600 * 1_000_000  # µs
CLOCK = "guards:test-clock"  # µs by which the scripts' clock is ahead
TIME = "local now = time[1] * 1000000 + time[2]"

SetAhead = Callable[[int], None]


@pytest.fixture
def platform(
    request: pytest.FixtureRequest,
    own_algorithm: None,
    monkeypatch: pytest.MonkeyPatch,
    make_platform: Callable[..., Platform],
) -> Platform:
    """An instance whose scripts see a clock that a test can set."""
    ahead = f"{TIME} + tonumber(redis.call('GET', '{CLOCK}') or '0')"
    for label, script in vars(scripts).copy().items():
        if isinstance(script, Script) and TIME in script.source:
            source = script.source.replace(TIME, ahead)
            shifted = Script(script.name, source, repeatable=script.repeatable)
            monkeypatch.setattr(scripts, label, shifted)
    for algorithm in map(find_algorithm, algorithm_names()):
        shifted_scripts = with_clock(algorithm.scripts, ahead)
        monkeypatch.setitem(vars(algorithm), "scripts", shifted_scripts)
    return make_platform(reach_of(request, "valkey"))


@pytest.fixture
def set_ahead(platform: Platform) -> SetAhead:
    def set_ahead(microseconds: int) -> None:
        platform.redis.client.set(CLOCK, microseconds, px=600_000)

    return set_ahead


@pytest.mark.parametrize(
    "algorithm",
    [*algorithm_names(), OWN],
)
class TestLimiter:
    def test_nobody_waits_longer_than_two_windows(
        self, platform: Platform, set_ahead: SetAhead, name: str, algorithm: str
    ) -> None:
        limiter = platform.limiter(name, algorithm=algorithm, limit=5, window=60)
        set_ahead(HOUR)
        for _ in range(5):
            assert limiter.hit("k").allowed
        set_ahead(0)
        refused = limiter.hit("k")
        assert not refused.allowed
        assert 0 < refused.retry_after <= 120
        assert limiter.peek("k").reset_after <= 120

    @pytest.mark.parametrize("step", [1, 5, 3_600])
    def test_what_is_told_after_the_step_holds(
        self, platform: Platform, set_ahead: SetAhead, name: str, algorithm: str, step: int
    ) -> None:
        limiter = platform.limiter(name, algorithm=algorithm, limit=10, window=40)

        def hit() -> RateLimitResult:
            limiter.denials.clear()  # as any other worker
            return limiter.hit("k")

        set_ahead(step * 1_000_000)
        while (told_before := hit()).allowed:
            pass
        set_ahead(0)
        told = hit().retry_after
        # A worker repeats the earlier answer for as long as that said, and is told this then.
        assert 0 < told <= told_before.retry_after + told <= 80
        set_ahead(round(told * 500_000))
        # Asking again meanwhile makes the wait no longer.
        assert not hit().allowed
        set_ahead(round(told * 1_000_000))
        assert hit().allowed

    def test_what_was_used_stays_used(
        self, platform: Platform, set_ahead: SetAhead, name: str, algorithm: str
    ) -> None:
        limiter = platform.limiter(name, algorithm=algorithm, limit=5, window=3_000)
        set_ahead(HOUR)
        for _ in range(2):
            assert limiter.hit("k").allowed
        set_ahead(0)
        assert [limiter.hit("k").allowed for _ in range(4)] == [True, True, True, False]


class TestBreaker:
    FIELDS: dict[str, Any] = {
        "minimum_calls": 4,
        "window_size": 20,
        "recovery_timeout": 600,
        "recovery_timeout_max": 600,
    }

    def fail(self, breaker: Any, times: int = 1) -> None:
        for _ in range(times):
            breaker.allow().exit(Outcome.FAILURE)

    def test_calls_of_a_time_window_are_counted_once(
        self, platform: Platform, set_ahead: SetAhead, name: str
    ) -> None:
        breaker = platform.breaker(name, window_size=20, minimum_calls=1_000)
        for seconds in (10, 12, 14, 16, 17, 18, 19):
            set_ahead(HOUR + seconds * 1_000_000)
            breaker.allow().exit(Outcome.SUCCESS)
        for _ in range(3):
            set_ahead(HOUR)
            breaker.allow().exit(Outcome.SUCCESS)
        assert breaker.state().calls == 10

    def test_an_open_one_sends_a_probe_instead_of_waiting_for_the_future(
        self, platform: Platform, set_ahead: SetAhead, name: str
    ) -> None:
        breaker = platform.breaker(name, **self.FIELDS)
        set_ahead(HOUR)
        self.fail(breaker, 4)
        assert breaker.state().state == "open"
        set_ahead(0)
        breaker.allow().exit(Outcome.SUCCESS)
        assert breaker.state().state == "closed"

    def test_the_next_opening_lasts_its_time_again(
        self, platform: Platform, set_ahead: SetAhead, name: str
    ) -> None:
        breaker = platform.breaker(name, **self.FIELDS)
        set_ahead(HOUR)
        self.fail(breaker, 4)
        set_ahead(0)
        self.fail(breaker)
        state = breaker.state()
        assert state.state == "open" and 500 < state.until <= 600
        with pytest.raises(CircuitOpen):
            breaker.allow()

    def test_a_probe_that_died_does_not_wedge_it(
        self, platform: Platform, set_ahead: SetAhead, name: str
    ) -> None:
        breaker = platform.breaker(name, **{**self.FIELDS, "recovery_timeout": 0.01})
        set_ahead(HOUR)
        self.fail(breaker, 4)
        set_ahead(HOUR + 1_000_000)
        breaker.allow()  # and never heard of again
        set_ahead(0)
        second = breaker.allow()
        with pytest.raises(CircuitOpen):
            breaker.allow()
        second.exit(Outcome.SUCCESS)
        assert breaker.state().state == "closed"


def test_a_ring_of_calls_is_kept_for_an_hour_after_each_of_them(
    platform: Platform, name: str
) -> None:
    breaker = platform.breaker(name, window_type="count", window_size=5, minimum_calls=5)
    key = platform.runtime.keys.breaker(name)
    for _ in range(7):
        breaker.allow().exit(Outcome.SUCCESS)
        platform.redis.client.pexpire(key, 100_000)
        breaker.allow().exit(Outcome.SUCCESS)
        assert platform.redis.client.pttl(key) > 3_000_000
