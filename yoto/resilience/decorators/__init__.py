"""The decorators: they work on views, functions, generators and context managers alike."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import replace
from typing import Any, ParamSpec, TypeVar

from yoto.errors import ConfigurationError

from ..config_store import Kind, declare, declare_numbers, declared
from ..degradation import DEFAULT_KEEP
from ..guards import ALL_PARTS
from ..outcome import Classifier, ExceptionFilter
from .call import CallClassifier
from .chosen import Numbers, Unless, limit_part
from .degrade import NOTHING, DegradePart
from .keys import CostOption, Evaluated, KeyOf, KeyOption
from .parts import BreakerPart, BulkheadPart, GuardPart
from .shapes import attach
from .stack import Stack
from .views import exempt, limit_views, route_guards

__all__ = [
    "bulkhead",
    "circuit_breaker",
    "declared",
    "degradable",
    "exempt",
    "guarded",
    "limit_views",
    "route_guards",
    "rate_limit",
]

P = ParamSpec("P")
R = TypeVar("R")


def circuit_breaker(
    name: str,
    fallback: Callable[..., Any] | None = None,
    *,
    expected: ExceptionFilter = Exception,
    ignored: ExceptionFilter = (),
    failed_result: Callable[[Any], bool] | None = None,
    **numbers: Any,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Call through the circuit breaker ``name``.

    Args:
        fallback: called with the same arguments while the breaker is open; an exception of the
            function itself always comes through.
        expected: exceptions that are failures: a class, a predicate that gets the exception, or a
            collection of them. Responses below 500, refused input, denied permission
            and refusals by other guards are none, unless they are named here.
        ignored: exceptions that are not counted at all; given as ``expected``.
        failed_result: a predicate, true for a returned value that is a failure.
        numbers: fields of ``CircuitBreakerConfig`` that hold until they are overridden.

    The decorated function raises ``CircuitOpen`` or ``CircuitIsolated`` when it may not run.
    """
    declare_numbers(name, Kind.CIRCUIT_BREAKER, numbers)
    part = BreakerPart(name, CallClassifier(expected, ignored, failed_result), fallback)
    return lambda fn: attach(fn, lambda stack: stack.with_part(part))


def rate_limit(
    name: str,
    key: KeyOption = None,
    *,
    cost: CostOption = 1,
    methods: Collection[str] | None = None,
    unless: Unless | None = None,
    count_when: Callable[[Any], bool] | None = None,
    plans: Mapping[str, Numbers] | None = None,
    plan: Callable[..., str] | None = None,
    **numbers: Any,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Count calls by the rate limit ``name``; in a request its headers say how many are left.

    Args:
        key: None counts the caller: the signed-in user, else the address. A callable gets the
            arguments of the call, if it takes any, and gives text or a ``MultiDimensionalKey``.
        cost: units of a call, or a callable as for ``key``; a call of 0 is not counted.
        methods: methods of the requests that are counted, GET with HEAD; None counts all.
        unless: a callable as for ``key``, true for calls that are not counted.
        count_when: a predicate that decides whether a call counts, by the response of a view,
            else by the function's result. It counts until then, so that no more are admitted at
            once than are left; a function that raises counts.
        plans: plan to its numbers, a text as ``limits`` or a mapping; each is a limit of its own,
            ``name.plan``, with ``numbers`` for the values it leaves out.
        plan: a callable as for ``key``, gives the plan of a call. A result that is no key of
            ``plans`` is an error, which is logged, and the call is refused.
            ``limit=5, window=60``; or ``limits="10/second; 1000/hour"`` for all windows.

    The decorated function raises ``RateLimited`` when the limit is used up.
    """
    part = limit_part(name, key, cost, methods, unless, count_when, plans, plan, numbers)
    return lambda fn: attach(fn, lambda stack: stack.with_part(part))


def bulkhead(
    name: str, *, timeout: float | None = None, key: KeyOption = None, **numbers: Any
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Limit concurrent calls by the bulkhead ``name``.

    Args:
        timeout: seconds to wait for a slot; None takes the configured wait.
        key: the owner of slots, for the strategies ``user`` and ``server``; as for ``rate_limit``.
        numbers: fields of ``BulkheadConfig`` that hold until they are overridden.

    The decorated function raises ``BulkheadFull`` when no slot was free in time.
    """
    declare_numbers(name, Kind.BULKHEAD, numbers)
    part = BulkheadPart(name, KeyOf(key), timeout)
    return lambda fn: attach(fn, lambda stack: stack.with_part(part))


def guarded(
    name: str,
    key: KeyOption = None,
    *,
    cost: CostOption = 1,
    parts: Collection[Kind | str] = ALL_PARTS,
    wait: float | None = None,
    fallback: Callable[..., Any] | None = None,
    expected: ExceptionFilter = Exception,
    ignored: ExceptionFilter = (),
    failed_result: Callable[[Any], bool] | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Breaker, rate limit and bulkhead of one name, in one round trip to Redis.

    Args:
        key, cost: as for ``rate_limit``; ``key`` also chooses the partition, as for ``bulkhead``.
        parts: ``circuit_breaker``, ``rate_limit``, ``bulkhead``; those left out do not guard.
        wait: seconds to wait for a slot; None takes the configured wait.
        fallback, expected, ignored, failed_result: as for ``circuit_breaker``.

    The decorated function raises the error of the refusing part; the others are not charged then.
    """
    chosen = frozenset(Kind(part) for part in parts)
    if not chosen or not chosen <= ALL_PARTS:
        known = ", ".join(sorted(ALL_PARTS))
        raise ConfigurationError(name, f"the parts of a guard are of {known}")
    declare(name, *chosen)
    part = GuardPart(
        name=name,
        key=KeyOf(key),
        cost=Evaluated(cost),
        parts=ALL_PARTS if chosen == ALL_PARTS else chosen,
        wait=wait,
        classifier=CallClassifier(expected, ignored, failed_result),
        fallback=fallback,
    )
    return lambda fn: attach(fn, lambda stack: stack.with_part(part))


def degradable(
    name: str,
    fallback: Callable[..., Any] | str | None = None,
    *,
    static: Any = NOTHING,
    cache_key: Callable[..., Hashable] | None = None,
    keep: float = DEFAULT_KEEP,
    on: ExceptionFilter = Exception,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Switch the feature ``name`` off by its degradation level, and return something else.

    While the level is above none the function does not run. The result then, and when the
    function fails: its last good value, else the fallback that the configuration names, else
    ``fallback``, else ``static``. An exception of the fallback comes through.

    Args:
        fallback: called with the same arguments; or the name of a registered fallback.
        static: a constant.
        cache_key: gives, for the arguments of a call, the key under which its last good value is
            kept in this process. Leave it out where results depend on the caller, or put that in.
        keep: seconds for which a last good value may be given.
        on: exceptions of the function after which a fallback is used. Responses below 500,
            refused input, denied permission and a used-up rate limit always come through.

    The decorated function raises ``Degraded`` when there is no result to return instead.
    """
    declare(name, Kind.DEGRADATION)
    part = DegradePart(
        name=name,
        fallback=fallback,
        static=static,
        cache_key=None if cache_key is None else Evaluated(cache_key),
        keep=keep,
        on=Classifier(expected=on),
    )

    def add(stack: Stack) -> Stack:
        if stack.degrade is not None:
            raise ConfigurationError(name, f"the function is '{stack.degrade.name}' already")
        return replace(stack, degrade=part)

    return lambda fn: attach(fn, add)
