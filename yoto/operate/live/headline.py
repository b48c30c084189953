"""Collects from every part of the platform what is out of order, for one headline."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from flask import current_app
from sqlalchemy import select

from yoto.errors import StoreUnavailable
from yoto.monitor.headlines import HeadlineCause
from yoto.operate.application import of_application
from yoto.operate.guard_history import History
from yoto.operate.live import causes
from yoto.operate.overrides import set_by_operators
from yoto.permission import masked_address, state_of
from yoto.redis import EXPECTED_FAILURES
from yoto.resilience import (
    BreakerState,
    BulkheadConfig,
    BulkheadStats,
    BulkheadStrategy,
    Change,
    Kind,
    LimitedCall,
    ResilienceController,
    get_resilience_controller,
    top_keys,
)
from yoto.room import named_of_rooms
from yoto.store import sessions
from yoto.store.models import User, account_of

# s of calls, and reports of workers, that are read to find rejected callers.
LATELY, REPORTS = 60.0, 60
# Rejections a second from which on a limit is in the headline: one in ten seconds.
WORTH_REPORTING = 0.1

Causes = list[HeadlineCause]


def asked_sources() -> Mapping[str, Causes | None]:
    """The causes from rooms, guards and overrides; None where a store is unavailable."""
    now = round(time.time() * 1000)
    controller, names = get_resilience_controller(), Names()
    operators = list(set_by_operators(controller))
    board = controller.degradation.board
    of_rooms = named_of_rooms(current_app, lambda one: one.causes)
    return {
        **{source: _asked(partial(ask, names)) for source, ask in of_rooms.items()},
        "breakers": _asked(
            lambda: causes.of_breakers(_breakers(controller, operators), now, names)
        ),
        "limits": _asked(lambda: causes.of_limits(_rejecting(controller, names))),
        "bulkheads": _asked(lambda: causes.of_bulkheads(_bulkheads(controller))),
        "overrides": _asked(lambda: causes.of_overrides(operators, board.active(), names)),
        "policies": _asked(lambda: causes.of_policies_off(_denied_without_policies())),
    }


def _denied_without_policies() -> int:
    state = state_of(current_app)
    if state.policy is not None:
        return 0
    return sum(one.abac for one in state.registry.snapshot.by_name.values())


def _asked(ask: Callable[[], Iterable[HeadlineCause]]) -> Causes | None:
    try:
        return list(ask())
    except EXPECTED_FAILURES:
        return None


class Names:
    """Names of accounts, each looked up once; ``user:3`` while the database is unavailable."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def __call__(self, author: str) -> str:
        if author not in self._known:
            self._known[author] = self._find(author)
        return self._known[author]

    def _find(self, author: str) -> str:
        account = account_of(author)
        if account is None:
            return author
        app = current_app._get_current_object()  # type: ignore[attr-defined]
        try:
            with sessions.reading(app) as session:
                found = session.scalar(select(User.username).where(User.id == account))
        except StoreUnavailable:
            return author
        return author if found is None else str(found)


def _breakers(
    controller: ResilienceController, operators: Iterable[Change]
) -> Iterator[tuple[BreakerState, Change | None]]:
    forced = {one.name: one for one in operators if one.kind is Kind.FORCED_BREAKER}
    for state in controller.guards.breaker_states(controller.known_names(Kind.CIRCUIT_BREAKER)):
        yield state, forced.get(state.name)


def _rejecting(
    controller: ResilienceController, names: Names
) -> Iterator[tuple[str, float, str | None, str | None]]:
    history = History()
    for name in controller.known_names(Kind.RATE_LIMIT):
        rate = history.rates(Kind.RATE_LIMIT.value, name)["rejections"] or 0.0
        if rate < WORTH_REPORTING:
            continue
        calls = _calls(controller, name)
        refused = [call for call in calls if not call.allowed]
        top = next(iter(top_keys(refused, 1)), None)
        # A limit against guessing stores a digest of the account, which has no name.
        hidden = top is None or name in of_application().limits_against_guessing
        caller = None if top is None or hidden else _caller(top.key, names)
        yield name, rate, caller, _network(refused)


def _calls(controller: ResilienceController, name: str) -> list[LimitedCall]:
    try:
        (reading,) = controller.trails.latest([(Kind.RATE_LIMIT, name)], REPORTS)
    except StoreUnavailable:
        return []
    return [call for call in reading.calls if call.at >= reading.until - LATELY]


def _caller(key: object, names: Names) -> str | None:
    if not isinstance(key, tuple):
        return None
    user, server, _ = key
    who = None if user is None else names(f"user:{user}")
    where = None if server is None else f"server:{server}"
    return ", ".join(one for one in (who, where) if one) or None


def network_of_sign_ins() -> str | None:
    """The network from which most of the latest sign-ins were tried."""
    controller, limits = get_resilience_controller(), of_application().sign_in_limits
    return _network(call for name in limits for call in _calls(controller, name))


def _network(calls: Iterable[LimitedCall]) -> str | None:
    """The network from which most of the calls came."""
    seen = Counter(call.key[2] for call in calls if isinstance(call.key, tuple) and call.key[2])
    return masked_address(seen.most_common(1)[0][0]) if seen else None


def _bulkheads(controller: ResilienceController) -> list[BulkheadStats]:
    # With several partitions, nothing records how full each is.
    whole = [
        name
        for name in controller.known_names(Kind.BULKHEAD)
        for config in [controller.config.get(Kind.BULKHEAD, name).config]
        if isinstance(config, BulkheadConfig) and config.strategy is BulkheadStrategy.NAME
    ]
    return controller.guards.bulkhead_stats(whole)
