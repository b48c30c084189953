"""Deadlines: the time by which the work at hand must be done, whoever does it.

A request has one, and any code may set a nearer one. Waits take the smaller of their own limit and
of what is left; after the deadline nothing begins but what ends things, inside ``ending``. As in
gRPC, a deadline is a moment of the monotonic clock, and an inner one never lies after an outer one.
"""

from __future__ import annotations

import functools
import inspect
import math
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import thread as executors
from contextvars import Context, ContextVar, Token
from time import monotonic
from typing import Any, Self, TypeVar, cast

from yoto.errors import DeadlineExceeded

F = TypeVar("F", bound=Callable[..., Any])

# The seconds of a decorated function, for who looks at it before it runs.
MARK = "__yoto_deadline__"
# Threads of the platform serve all requests, whichever began them.
OWN_THREADS = "yoto-"


class Deadline:
    """A moment by which work must be done.

    Attributes:
        at: the moment, on the monotonic clock.
        seconds: how long it was until then at the beginning.
        outer: the deadline that was in force before.
        over: the work has ended; threads that it leaves behind work under ``outer``.
        spent: seconds by what the work waited for.
    """

    __slots__ = ("at", "outer", "over", "seconds", "spent")

    def __init__(self, at: float, seconds: float, outer: Deadline | None = None) -> None:
        nearer = outer is not None and outer.at < at
        self.at: float = outer.at if outer is not None and nearer else at
        self.seconds: float = outer.seconds if outer is not None and nearer else seconds
        self.spent: dict[str, float] = {} if outer is None else outer.spent
        self.outer = outer
        self.over = False

    @property
    def is_nearest(self) -> bool:
        """Whether this comes before all that it was set within."""
        return self.outer is None or self.at < self.outer.at

    def exceeded(self) -> DeadlineExceeded:
        """The error of work that is begun or found after the deadline."""
        return DeadlineExceeded(self.seconds, dict(self.spent))


_current: ContextVar[Deadline | None] = ContextVar("yoto_deadline", default=None)


def at_hand() -> Deadline | None:
    """The deadline of the work at hand; None: it has none."""
    found = _current.get()
    while found is not None and (found.over or found.at == math.inf):
        found = found.outer
    return found


def begin(seconds: float) -> Token[Deadline | None]:
    """Put the work at hand under a deadline, until ``end``."""
    return _current.set(Deadline(monotonic() + seconds, seconds, at_hand()))


def end(token: Token[Deadline | None]) -> None:
    """The work that ``begin`` put under a deadline has ended."""
    begun = _current.get()
    if begun is not None:
        begun.over = True
    _current.reset(token)


def put(seconds: float) -> Deadline:
    """As ``begin``, for work whose end, ``lift``, may run in another context."""
    made = Deadline(monotonic() + seconds, seconds, at_hand())
    _current.set(made)
    return made


def put_under() -> Deadline:
    """Put the work at hand under a deadline of its own that comes with the one at hand, or never,
    until ``shorten`` brings it nearer."""
    made = Deadline(math.inf, math.inf, at_hand())
    _current.set(made)
    return made


def shorten(made: Deadline, seconds: float) -> None:
    """Move a deadline to ``seconds`` from now, if that is nearer."""
    at = monotonic() + seconds
    if at < made.at:
        made.at, made.seconds = at, seconds


def lift(made: Deadline) -> None:
    """The work that ``put`` put under a deadline has ended."""
    made.over = True
    if _current.get() is made:
        _current.set(made.outer)


def remaining() -> float | None:
    """Seconds until the deadline of the work at hand; 0.0 after it, None where there is none."""
    found = at_hand()
    return None if found is None else max(0.0, found.at - monotonic())


def check_deadline() -> None:
    """Return where there is time left, or no deadline.

    Raises:
        DeadlineExceeded: the deadline has passed.
    """
    found = at_hand()
    if found is not None and found.at <= monotonic():
        raise found.exceeded()


def has_passed() -> bool:
    """Whether the work at hand has a deadline and it has passed."""
    found = at_hand()
    return found is not None and found.at <= monotonic()


def left_of(seconds: float) -> float:
    """The seconds that a wait may take whose own limit is ``seconds``.

    Raises:
        DeadlineExceeded: the deadline has passed, so that nothing new may begin.
    """
    found = at_hand()
    if found is None:
        return seconds
    left = found.at - monotonic()
    if left <= 0:
        raise found.exceeded()
    return min(seconds, left)


def cut(seconds: float) -> float:
    """As ``left_of``, for waits that end things too: after the deadline they take their own."""
    left = None if _current.get() is None else remaining()
    return min(seconds, left) if left else seconds


class ending:  # noqa: N801 - reads as a statement
    """A block that ends what was begun, and runs on after the deadline: a commit, a slot's return.

    Its own limits hold in it.
    """

    __slots__ = ("_token",)

    def __enter__(self) -> None:
        self._token = None if _current.get() is None else _current.set(None)

    def __exit__(self, *_: object) -> None:
        if self._token is not None:
            _current.reset(self._token)


class spending:  # noqa: N801 - reads as a statement
    """A block whose seconds are noted, for the log line and the trace of a late request."""

    __slots__ = ("_began", "_deadline", "_name")

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        self._deadline = None if _current.get() is None else at_hand()
        if self._deadline is not None:
            self._began = monotonic()

    def __exit__(self, *_: object) -> None:
        if self._deadline is not None:
            note_spent(self._name, monotonic() - self._began)


def note_spent(name: str, seconds: float) -> None:
    """The work at hand waited for ``name`` for so long."""
    found = at_hand()
    if found is not None:
        found.spent[name] = found.spent.get(name, 0.0) + seconds


class deadline:  # noqa: N801 - reads as a statement
    """Work that has to be done in so many seconds: ``with deadline(1.5):`` or ``@deadline(1.5)``.

    As a decorator it is for functions, coroutines, generators and views; for a view the seconds
    begin when the request came. Within a nearer deadline it changes nothing.

    Raises:
        DeadlineExceeded: at the beginning, the deadline in force has passed. What begins later and
            after the deadline raises it too; work that begins nothing, and never looks at
            ``remaining()``, goes on to its end.
        ValueError: not a finite number above 0.
    """

    def __init__(self, seconds: float) -> None:
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise ValueError(f"deadline: seconds above 0, not {seconds!r}")
        if not 0 < seconds < math.inf:
            raise ValueError(f"deadline: seconds above 0, not {seconds!r}")
        self.seconds = float(seconds)
        # An object may be entered again inside itself, but not by two threads.
        self._tokens: list[Token[Deadline | None]] = []

    def __enter__(self) -> Self:
        check_deadline()
        self._tokens.append(begin(self.seconds))
        return self

    def __exit__(self, *_: object) -> None:
        end(self._tokens.pop())

    def __call__(self, fn: F) -> F:
        wrapped = _wrap(fn, self.seconds)
        setattr(wrapped, MARK, min(self.seconds, getattr(fn, MARK, math.inf)))
        return cast(F, wrapped)


def seconds_of(fn: Any) -> float | None:
    """The seconds that ``@deadline`` gave a function, under other decorators too."""
    found: float | None = getattr(fn, MARK, None)
    return found


def _wrap(fn: Any, seconds: float) -> Callable[..., Any]:
    if not callable(fn) or inspect.isclass(fn) or inspect.isasyncgenfunction(fn):
        raise TypeError(f"'deadline' is for functions, coroutines and generators, not {fn!r}")
    if inspect.iscoroutinefunction(fn):

        @functools.wraps(fn)
        async def in_time_async(*args: Any, **kwargs: Any) -> Any:
            with deadline(seconds):
                return await fn(*args, **kwargs)

        return in_time_async
    if inspect.isgeneratorfunction(fn):

        @functools.wraps(fn)
        def items_in_time(*args: Any, **kwargs: Any) -> Iterator[Any]:
            return _items(fn(*args, **kwargs), seconds)

        return items_in_time

    @functools.wraps(fn)
    def in_time(*args: Any, **kwargs: Any) -> Any:
        with deadline(seconds):
            return fn(*args, **kwargs)

    return in_time


def _items(items: Generator[Any, Any, Any], seconds: float) -> Generator[Any, Any, Any]:
    """The items of a generator that works under a deadline, and its consumer does not."""
    check_deadline()
    mine = Deadline(monotonic() + seconds, seconds, at_hand())
    step, given = items.send, None
    try:
        while True:
            token = _current.set(mine)
            try:
                item = step(given)
            except StopIteration as stop:
                return stop.value
            finally:
                _current.reset(token)
            try:
                step, given = items.send, (yield item)
            except GeneratorExit:
                raise
            except BaseException as error:
                step, given = items.throw, error
    finally:
        mine.over = True
        items.close()


def carry_on() -> None:
    """Let threads, tasks of thread pools and greenlets that work under a deadline begins work
    under it too, for as long as that work lasts. For the whole process; idempotent.
    """
    _extend(threading.Thread, "start", _start)
    _extend(executors.ThreadPoolExecutor, "submit", _submit)
    # Loops that the process runs on; the platform loads none.
    eventlet: Any = sys.modules.get("eventlet.greenthread")
    if eventlet is not None:
        _extend(eventlet.GreenThread, "__init__", _make_greenlet)
    gevent: Any = sys.modules.get("gevent.greenlet")
    if gevent is not None:
        gevent.Greenlet.add_spawn_callback(_take_along)


def _extend(owner: Any, name: str, extension: Callable[..., Any]) -> None:
    """Call ``extension`` with the method that it extends, and that one's arguments."""
    method = getattr(owner, name)
    if getattr(method, "extension", None) is extension:
        return

    @functools.wraps(method)
    def extended(*args: Any, **kwargs: Any) -> Any:
        return extension(method, *args, **kwargs)

    extended.extension = extension  # type: ignore[attr-defined]
    setattr(owner, name, extended)


def _start(start: Callable[..., None], thread: threading.Thread) -> None:
    found = at_hand()
    if found is None:
        return start(thread)
    # A worker of a pool serves whoever submits; see ``_submit``.
    target = getattr(thread, "_target", None)
    if not thread.name.startswith(OWN_THREADS) and target is not executors._worker:
        thread.run = functools.partial(_run, found, thread.run)  # type: ignore[method-assign]
    with ending():
        start(thread)


def _submit(submit: Callable[..., Any], pool: Any, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
    found = at_hand()
    if found is None:
        return submit(pool, fn, *args, **kwargs)
    return submit(pool, _run, found, fn, *args, **kwargs)


def _make_greenlet(make: Callable[..., None], made: Any, *args: Any, **kwargs: Any) -> None:
    make(made, *args, **kwargs)
    _take_along(made)


def _take_along(made: Any) -> None:
    """Begin a greenlet, which begins without our context, under the deadline at hand."""
    found = at_hand()
    if found is not None:
        context = made.gr_context or Context()
        context.run(_current.set, found)
        made.gr_context = context


def _run(found: Deadline, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    token = _current.set(found)
    try:
        return fn(*args, **kwargs)
    finally:
        _current.reset(token)
