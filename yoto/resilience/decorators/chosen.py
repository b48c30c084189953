"""Limits of some calls: by method, by predicate, by response, or by the caller's plan."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from flask import after_this_request, has_request_context, request

from yoto.errors import ConfigurationError, RateLimited

from ..config_store import Kind, declare_numbers, spelled_out
from ..extension import get_resilience_controller
from ..settings import RateLimitConfig, is_windows
from .body import is_current_view
from .call import Call
from .keys import CostOption, Evaluated, KeyOf, KeyOption
from .parts import NOTHING_HELD, Held, LimitPart

log = logging.getLogger(__name__)

# Seconds until a caller without a plan may try again: until the choice of plans is fixed.
NO_PLAN_RETRY_AFTER = 60.0
# Results of ``plan`` that are no plan and are logged; each once.
MAX_REPORTED = 100

Numbers: TypeAlias = str | Mapping[str, Any] | RateLimitConfig
Unless: TypeAlias = Callable[..., bool]


@dataclass(frozen=True)
class ChosenLimitPart(LimitPart):
    """``@rate_limit`` with its rarely used options.

    Attributes:
        methods: methods of the requests that are counted; None: all.
        unless: true for a call that is not counted; None: all are.
        count_when: decides by the result whether the call counts; None: it does.
        plans: the limit of each plan; None: there is one limit.
        plan: gives the plan.
    """

    methods: frozenset[str] | None = None
    unless: Evaluated | None = None
    count_when: Callable[[Any], bool] | None = None
    plans: Mapping[str, LimitPart] | None = None
    plan: Evaluated | None = None

    def enter(self, call: Call) -> Held:
        if not covers(self, request.method if has_request_context() else None):
            return NOTHING_HELD
        if self.unless is not None and self.unless(call):
            return NOTHING_HELD
        held = super().enter(call) if self.plans is None else self._enter_plan(call)
        if self.count_when is None or held is NOTHING_HELD:
            return held
        conditional = ConditionalUnits(held, self.count_when)
        if is_current_view(call.fn):
            after_this_request(conditional.of_response)
            conditional.by_value = False
        return conditional

    def _enter_plan(self, call: Call) -> Held:
        assert self.plans is not None and self.plan is not None, "they go together"
        if not get_resilience_controller().enabled:
            return NOTHING_HELD
        plan = self.plan(call)
        found = self.plans.get(plan) if isinstance(plan, str) else None
        if found is not None:
            return found.enter(call)
        _log_once(self.name, plan)
        raise RateLimited(0, 0, NO_PLAN_RETRY_AFTER, NO_PLAN_RETRY_AFTER, self.name, "plan")


def covers(part: LimitPart, method: str | None) -> bool:
    """Whether a limit counts requests of a method; None: calls outside of requests."""
    methods = part.methods if isinstance(part, ChosenLimitPart) else None
    return methods is None or method is None or method in methods


class ConditionalUnits:
    """Units that are refunded when the response shows that the call does not count."""

    def __init__(self, units: Held, counts: Callable[[Any], bool]) -> None:
        self._units: Held | None = units
        self._counts = counts
        self.by_value = True

    def cancel(self) -> None:
        self._give_back()

    def finish(self, error: BaseException | None, value: Any) -> None:
        """The result of a function that is no view; one that raised counts."""
        if self.by_value and error is None:
            self.of_response(value)

    def of_response(self, response: Any) -> Any:
        """The response as it is sent; an error here does not change it."""
        try:
            if not self._counts(response):
                self._give_back()
        except Exception:
            log.exception("a call counts, because nobody could tell whether it should")
        return response

    def _give_back(self) -> None:
        units, self._units = self._units, None
        if units is not None:
            units.cancel()


def limit_part(
    name: str,
    key: KeyOption,
    cost: CostOption,
    methods: Collection[str] | None,
    unless: Unless | None,
    count_when: Callable[[Any], bool] | None,
    plans: Mapping[str, Numbers] | None,
    plan: Callable[..., str] | None,
    numbers: dict[str, Any],
) -> LimitPart:
    """The part of ``rate_limit``, whose numbers are declared."""
    if is_windows(name):
        raise ConfigurationError(
            name, f"is no name: give the limit one, as in rate_limit('search', limits='{name}')"
        )
    if (plan is None) != (plans is None) or plans == {}:
        raise ConfigurationError(name, "'plans' and 'plan' go together")
    key_of, cost_of = KeyOf(key), Evaluated(cost)
    if plans is None:
        declare_numbers(name, Kind.RATE_LIMIT, numbers)
    by_plan: dict[str, LimitPart] = {}
    for one, own in (plans or {}).items():
        by_plan[one] = LimitPart(f"{name}.{one}", key_of, cost_of)
        own_numbers = _numbers(by_plan[one].name, numbers, own)
        declare_numbers(by_plan[one].name, Kind.RATE_LIMIT, own_numbers)
    if methods is None and unless is None and count_when is None and plans is None:
        return LimitPart(name, key_of, cost_of)
    return ChosenLimitPart(
        name,
        key_of,
        cost_of,
        methods=None if methods is None else _methods(methods),
        unless=None if unless is None else Evaluated(unless),
        count_when=count_when,
        plans=by_plan or None,
        plan=None if plan is None else Evaluated(plan),
    )


def _numbers(name: str, shared: Mapping[str, Any], own: Numbers) -> dict[str, Any]:
    """The numbers of a plan; a text gives all windows, and takes none from ``shared``."""
    if isinstance(own, RateLimitConfig):
        return own.to_mapping()
    given = {"limits": own} if isinstance(own, str) else own
    return spelled_out(name, shared) | spelled_out(name, given)


def _methods(methods: Collection[str]) -> frozenset[str]:
    """The methods, HEAD with GET: it is the same work."""
    given = {methods} if isinstance(methods, str) else set(methods)
    named = {method.upper() for method in given}
    return frozenset(named | {"HEAD"} if "GET" in named else named)


_reported: set[tuple[str, str]] = set()


def _log_once(name: str, plan: object) -> None:
    missing = (name, repr(plan))
    if missing not in _reported and len(_reported) < MAX_REPORTED:
        _reported.add(missing)
        log.error("the rate limit '%s' has no plan %s: the call is refused", *missing)
