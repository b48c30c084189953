"""``@calls``: a call out, in time, behind its breaker, again where that may help, or twice."""

from __future__ import annotations

import asyncio
import inspect
import math
import time
from collections.abc import Callable, Collection, Coroutine, Generator, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property, partial, wraps
from typing import Any, TypeVar, cast

from yoto import deadlines
from yoto.deadlines import check_deadline, deadline, remaining
from yoto.errors import ConfigurationError, DeadlineExceeded, Rejected
from yoto.resilience import bulkhead, circuit_breaker
from yoto.resilience.config_store import Kind, declare_numbers
from yoto.resilience.outcome import ExceptionFilter, Exceptions

from .backoff import asked_for, is_shed, pause_before
from .errors import TimedOut, TooManyThreads
from .spending import FLOOR, HEDGES, RETRIES, Paid, Spending, floor_of, spending
from .threads import Race

F = TypeVar("F", bound=Callable[..., Any])
Block = AbstractContextManager[None]

# The number of the attempt at hand, from 1; 0: none.
_attempt: ContextVar[int] = ContextVar("yoto_attempt", default=0)


def attempt() -> int:
    """The number of the attempt at hand, from 1; 0 outside of ``@calls``."""
    return _attempt.get()


class _Call:
    """A block that is one call: all attempts of it, whichever threads they are in.

    Attributes:
        once: it must not be repeated, since what it sent must not be.
    """

    __slots__ = ("_token", "once")

    def __enter__(self) -> None:
        self.once = False
        self._token = _call.set(self)

    def __exit__(self, *_: object) -> None:
        _call.reset(self._token)


_call: ContextVar[_Call | None] = ContextVar("yoto_call", default=None)


def call_once() -> None:
    """Make no other attempt of the innermost call at hand; outside of ``@calls`` do nothing."""
    found = _call.get()
    if found is not None:
        found.once = True


def _is_once() -> bool:
    found = _call.get()
    return found is not None and found.once


@dataclass(frozen=True)
class Terms:
    """How a service is called; see ``calls``."""

    name: str
    timeout: float | None
    attempts: int
    on: Exceptions
    hedge: float | None
    fallback: Callable[..., Any] | None

    @property
    def runs_twice(self) -> bool:
        """Whether there may be more than one attempt."""
        return self.attempts > 1 or self.hedge is not None

    @contextmanager
    def limit(self) -> Iterator[None]:
        """A block in which all attempts have to be done."""
        if self.timeout is None:
            yield
            return
        with deadline(self.timeout):
            with self.judged():
                yield

    @contextmanager
    def judged(self) -> Iterator[None]:
        """A block that is an attempt. Where it fails and the deadline has passed, it is late:
        clients wait no longer than that, and who comes with little time must not open the breaker.
        """
        try:
            yield
        except TimedOut:
            raise
        except Exception as error:
            if isinstance(error, DeadlineExceeded) or deadlines.has_passed():
                raise self.late(error) from error
            raise

    def late(self, error: Exception | None = None) -> DeadlineExceeded:
        """The error of an attempt that the deadline found at work: ``TimedOut`` if the deadline is
        ours and not the caller's."""
        found = deadlines.at_hand()
        # With a time-out the one at hand is ours, though a nearer one of the caller's may cut it.
        if self.timeout is not None and found is not None and found.is_nearest:
            return TimedOut(self.name, self.timeout)
        if isinstance(error, DeadlineExceeded):
            return error
        return DeadlineExceeded(math.inf) if found is None else found.exceeded()

    def pause(self, error: BaseException, number: int) -> float | None:
        """Seconds until another attempt may help after the ``number``-th; None: none may."""
        if number >= self.attempts or not self.on.match(error) or is_shed(error) or _is_once():
            return None
        pause = pause_before(number, asked_for(error))
        left = remaining()
        # No attempt is begun after the deadline, and nobody waits for one that cannot be.
        return pause if left is None or pause < left else None

    def instead_of(self, error: BaseException) -> Callable[..., Any]:
        """The fallback where it answers after ``error``; else raises that."""
        expected = isinstance(error, Rejected | TimedOut) or self.on.match(error)
        if self.fallback is None or not expected:
            raise error
        return self.fallback


def calls(
    name: str,
    *,
    timeout: float | None = None,
    attempts: int = 1,
    on: ExceptionFilter = (),
    hedge: float | None = None,
    idempotent: bool = False,
    concurrent: int | None = None,
    fallback: Callable[..., Any] | None = None,
) -> Calls:
    """Call the service ``name``: a decorator for functions, coroutines and generators, or a context
    manager for one attempt.

    From the outside: deadline, fallback, retries within their budget, breaker, bulkhead, hedge,
    attempt. The breaker is that of ``@circuit_breaker(name)`` and shares its numbers; the bulkhead
    that of ``@bulkhead(name)``.

    Args:
        timeout: seconds for all attempts together; never after the deadline at hand.
        attempts: at most so many, the first included.
        on: exceptions after which another attempt is made: a class, a predicate that gets the
            exception, or a collection of them. They are what the breaker counts, with ``TimedOut``;
            without ``on`` it counts every exception.
        hedge: begin a second attempt beside one that takes longer than this share of the latest
            ones did, such as 0.95, and take the answer that comes first.
        idempotent: a second attempt does no harm; ``attempts`` above 1 and ``hedge`` want it.
        concurrent: at most so many calls at once in all workers.
        fallback: called with the same arguments when no attempt succeeded or none may be made.

    Raises:
        ConfigurationError: a value is wrong, or wants another one; it names both.
    """
    _check(name, timeout, attempts, on, hedge, idempotent)
    terms = Terms(name, timeout, attempts, Exceptions.of("on", on), hedge, fallback)
    floor = floor_of(name)
    declare_numbers(floor, Kind.RATE_LIMIT, {"limit": FLOOR, "window": 1.0})
    declare_numbers(floor, Kind.BULKHEAD, {"max_concurrent": FLOOR})
    return Calls(terms, on, concurrent)


class Calls:
    """What ``calls`` returns."""

    def __init__(self, terms: Terms, on: ExceptionFilter, concurrent: int | None) -> None:
        self._terms = terms
        several = on if isinstance(on, Collection) else (on,)
        self._expected = (TimedOut, *(several or (Exception,)))
        self._concurrent = concurrent
        self._entered: ContextVar[tuple[Block, ...]] = ContextVar("yoto_calls_entered", default=())

    def __call__(self, fn: F) -> F:
        """Decorate ``fn``.

        Raises:
            TypeError: it is an asynchronous generator or a class, or its fallback is asynchronous
                and it is not.
            ConfigurationError: a generator has ``attempts`` or ``hedge``: what it gave already
                cannot be taken back.
        """
        terms = self._terms
        if inspect.isasyncgenfunction(fn) or inspect.isclass(fn) or not callable(fn):
            raise TypeError(f"calls are functions, coroutines and generators, not {fn!r}")
        if inspect.iscoroutinefunction(fn):
            return cast(F, self._coroutine(fn))
        if inspect.iscoroutinefunction(terms.fallback):
            raise TypeError(f"{fn!r} is synchronous; its fallback must be so too")
        if not inspect.isgeneratorfunction(fn):
            return cast(F, self._function(fn))
        if terms.runs_twice:
            raise ConfigurationError(terms.name, "a generator takes no 'attempts' and no 'hedge'")
        return cast(F, self._generator(fn))

    def __enter__(self) -> None:
        """Begin the one attempt that the block is; it counts to the end of the block.

        Raises:
            RuntimeError: there are ``attempts`` or ``hedge``, which want a function.
        """
        block = self._block()
        block.__enter__()
        self._entered.set((*self._entered.get(), block))

    def __exit__(self, *error: Any) -> bool | None:
        *rest, block = self._entered.get()
        self._entered.set(tuple(rest))
        return block.__exit__(*error)

    @contextmanager
    def _block(self) -> Iterator[None]:
        terms = self._terms
        if terms.runs_twice:
            raise RuntimeError(f"'{terms.name}': a block runs once; decorate a function")
        with terms.limit():
            spending().purse(terms.name).put()
            with self._around(), _numbered(1), terms.judged():
                yield

    @cached_property
    def _around(self) -> Callable[[], AbstractContextManager[Any]]:
        return self._guarded(contextmanager(_nothing))

    def _guarded(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        name = self._terms.name
        if self._concurrent is not None:
            fn = bulkhead(name, max_concurrent=self._concurrent)(fn)
        return circuit_breaker(name, expected=self._expected)(fn)

    def _function(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        terms = self._terms

        @wraps(fn)
        def once(*args: Any, **kwargs: Any) -> Any:
            return _once(terms, partial(fn, *args, **kwargs))

        guarded = self._guarded(once)

        @wraps(fn)
        def called(*args: Any, **kwargs: Any) -> Any:
            try:
                with terms.limit(), _Call():
                    return _again_and_again(terms, partial(guarded, *args, **kwargs))
            except Exception as error:
                answer = terms.instead_of(error)
            return answer(*args, **kwargs)

        return called

    def _coroutine(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        terms = self._terms

        @wraps(fn)
        async def once(*args: Any, **kwargs: Any) -> Any:
            return await _once_async(terms, partial(fn, *args, **kwargs))

        guarded = self._guarded(once)

        @wraps(fn)
        async def called(*args: Any, **kwargs: Any) -> Any:
            try:
                with terms.limit(), _Call():
                    return await _again_and_again_async(terms, partial(guarded, *args, **kwargs))
            except Exception as error:
                answer = terms.instead_of(error)
            given = answer(*args, **kwargs)
            return await given if inspect.isawaitable(given) else given

        return called

    def _generator(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        terms = self._terms

        @wraps(fn)
        def once(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            check_deadline()
            with _numbered(1), terms.judged():
                return (yield from fn(*args, **kwargs))

        limited = once if terms.timeout is None else deadline(terms.timeout)(once)
        guarded = self._guarded(limited)

        @wraps(fn)
        def called(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            spending().purse(terms.name).put()
            items, given = guarded(*args, **kwargs), False
            try:
                for item in items:
                    given = True
                    yield item
                return None
            except Exception as error:
                if given:
                    raise
                answer = terms.instead_of(error)
            return (yield from answer(*args, **kwargs))

        return called


def _check(name: str, timeout: Any, attempts: Any, on: Any, hedge: Any, idempotent: bool) -> None:
    def wrong(reason: str) -> ConfigurationError:
        return ConfigurationError(name, reason)

    if timeout is not None and not (_is_number(timeout) and 0 < timeout < math.inf):
        raise wrong(f"'timeout' is seconds above 0, not {timeout!r}")
    if not isinstance(attempts, int) or isinstance(attempts, bool) or attempts < 1:
        raise wrong(f"'attempts' is a whole number from 1, not {attempts!r}")
    if hedge is not None and not (_is_number(hedge) and 0.5 <= hedge < 1):
        raise wrong(f"'hedge' is a share from 0.5 to below 1, not {hedge!r}")
    if attempts > 1 and not on:
        raise wrong("'attempts' above 1 wants 'on': the exceptions after which to call again")
    if attempts > 1 and not idempotent:
        raise wrong("'attempts' above 1 wants 'idempotent=True': that calling twice does no harm")
    if hedge is not None and not idempotent:
        raise wrong("'hedge' wants 'idempotent=True': that calling twice does no harm")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class _numbered:  # noqa: N801 - reads as a statement
    """A block that is the ``number``-th attempt."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __enter__(self) -> None:
        self._token = _attempt.set(self._number)

    def __exit__(self, *_: object) -> None:
        _attempt.reset(self._token)


def _nothing() -> Iterator[None]:
    yield


def _again_and_again(terms: Terms, run: Callable[[], Any]) -> Any:
    state = spending()
    state.purse(terms.name).put()
    number, pause, paid = 1, 0.0, cast(Paid, nullcontext())
    while True:
        try:
            # Who waits to try again takes a place of the floor as well as who tries.
            with paid:
                if pause:
                    time.sleep(pause)
                with _numbered(number):
                    return run()
        except Exception as error:
            pause, paid = _retry(state, terms, error, number)
        number += 1


async def _again_and_again_async(terms: Terms, run: Callable[[], Any]) -> Any:
    state = spending()
    state.purse(terms.name).put()
    number, pause, paid = 1, 0.0, cast(Paid, nullcontext())
    while True:
        try:
            with paid:
                if pause:
                    await asyncio.sleep(pause)
                with _numbered(number):
                    return await run()
        except Exception as error:
            pause, paid = _retry(state, terms, error, number)
        number += 1


def _retry(state: Spending, terms: Terms, error: Exception, number: int) -> tuple[float, Paid]:
    """The pause before another attempt, and what it is paid by; raises ``error`` where there is
    none."""
    pause = terms.pause(error, number)
    paid = None if pause is None else state.pay(terms.name, RETRIES)
    if pause is None or paid is None:
        raise error
    return pause, paid


def _once(terms: Terms, run: Callable[[], Any]) -> Any:
    """One attempt, or two beside each other."""
    check_deadline()
    if terms.timeout is None and terms.hedge is None:
        with terms.judged():
            return run()
    state, began = spending(), time.monotonic()
    race = Race(state.threads, terms.name)
    with ExitStack() as stack:
        race.start(run)
        stack.callback(race.give_up)
        delay = _delay(state, terms)
        if delay is not None and not race.wait(deadlines.cut(delay)):
            if paid := _hedge(state, terms):
                stack.enter_context(paid)
                with suppress(TooManyThreads):
                    race.start(run)
        if not race.wait(remaining()):
            raise terms.late()
    if race.won is None:
        with terms.judged():
            raise cast(BaseException, race.failed)
    _note(state, terms, began)
    return race.won[1]


async def _once_async(terms: Terms, run: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    check_deadline()
    if terms.timeout is None and terms.hedge is None:
        with terms.judged():
            return await run()
    state, began = spending(), time.monotonic()
    tasks = {asyncio.create_task(run())}
    with ExitStack() as stack:
        stack.callback(lambda: [one.cancel() for one in tasks])
        delay = _delay(state, terms)
        if delay is not None:
            done, _ = await asyncio.wait(tasks, timeout=deadlines.cut(delay))
            if not done and (paid := _hedge(state, terms)):
                stack.enter_context(paid)
                tasks.add(asyncio.create_task(run()))
        running = set(tasks)
        while True:
            done, running = await asyncio.wait(
                running, timeout=remaining(), return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                raise terms.late()
            best = min(done, key=lambda one: one.cancelled() or one.exception() is not None)
            if running and (best.cancelled() or best.exception() is not None):
                continue
            with terms.judged():
                result = best.result()
            _note(state, terms, began)
            return result


def _delay(state: Spending, terms: Terms) -> float | None:
    """Seconds after which an attempt is slow; None: unknown yet, or nobody asks."""
    return None if terms.hedge is None else state.quantile(terms.name, terms.hedge).value


def _hedge(state: Spending, terms: Terms) -> Paid | None:
    if deadlines.has_passed() or _is_once():
        return None
    return state.pay(terms.name, HEDGES)


def _note(state: Spending, terms: Terms, began: float) -> None:
    """An attempt succeeded. Where a second one came first, the first took at least as long."""
    if terms.hedge is not None:
        state.quantile(terms.name, terms.hedge).add(time.monotonic() - began)
