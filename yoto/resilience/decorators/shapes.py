"""Wraps the kinds of callables: functions, coroutine functions, generator functions, and makers of
context managers.

A generator is inside its guards from its first item to its end, a context manager from entering to
leaving, and a streamed response until its body was sent, not only while the function that made it
runs. A generator that is a view is admitted when it is called, while a refusal can still be the
response.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from types import TracebackType
from typing import Any, ParamSpec, TypeVar, cast

from flask.sansio.scaffold import Scaffold

from .body import GuardedBody, is_current_view
from .call import Call, is_async
from .stack import Holds, Instead, Stack

P = ParamSpec("P")
R = TypeVar("R")

_STACK = "__yoto_guards__"


@contextlib.contextmanager
def _sample() -> Iterator[None]:
    yield


@contextlib.asynccontextmanager
async def _async_sample() -> AsyncIterator[None]:
    yield


# All products of ``contextlib.contextmanager`` run the same code, by which they are recognised.
_CONTEXT_CODE, _ASYNC_CONTEXT_CODE = _sample.__code__, _async_sample.__code__


def attach(fn: Callable[P, R], add: Callable[[Stack], Stack]) -> Callable[P, R]:
    """Put a guard on a function; guards that it has already are put in order with it.

    Raises:
        TypeError: it is an asynchronous generator, a class, an application or a blueprint, or
            nothing that can be called; or it is synchronous and its fallback is not.
    """
    if isinstance(fn, staticmethod | classmethod):
        return type(fn)(attach(fn.__func__, add))
    if inspect.isasyncgenfunction(fn) or getattr(fn, "__code__", None) is _ASYNC_CONTEXT_CODE:
        raise TypeError(f"{fn!r} is an asynchronous generator; guards are for coroutine functions")
    if isinstance(fn, Scaffold):
        raise TypeError(f"{fn!r} has many views, which 'limit_views' limits")
    if not callable(fn) or inspect.isclass(fn):
        raise TypeError(f"guards are for functions and methods, not {fn!r}")
    before = _stack_of(fn)
    stack = add(before)
    if not is_async(stack.fn) and any(is_async(fallback) for fallback in stack.fallbacks()):
        raise TypeError(f"{fn!r} is synchronous; its fallback must be so too")
    wrapper = _wrap(stack)
    if before.fn is not fn:
        # Marks that others set on the wrapper that this one replaces.
        wrapper.__dict__.update(vars(fn))
    # Wrappers by others copy a function's attributes, so ours names its owner.
    setattr(wrapper, _STACK, (wrapper, stack))
    return cast(Callable[P, R], wrapper)


def guards_on(fn: Any) -> Stack:
    """The guards of a function, also under decorators by others that copy its attributes."""
    _, stack = getattr(fn, _STACK, (None, None))
    return Stack(fn) if stack is None else stack


def _stack_of(fn: Callable[..., Any]) -> Stack:
    owner, stack = getattr(fn, _STACK, (None, None))
    return stack if owner is fn and stack is not None else Stack(fn)


def _wrap(stack: Stack) -> Callable[..., Any]:
    if inspect.isgeneratorfunction(stack.fn):
        return _wrap_generator(stack)
    if getattr(stack.fn, "__code__", None) is _CONTEXT_CODE:
        return _wrap_context(stack)
    if is_async(stack.fn):
        return _wrap_coroutine(stack)
    fn, run = stack.fn, stack.run

    @functools.wraps(fn)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        return run(Call(fn, args, kwargs))

    return guarded


def _wrap_coroutine(stack: Stack) -> Callable[..., Any]:
    fn, run = stack.fn, stack.run_async

    @functools.wraps(fn)
    async def guarded(*args: Any, **kwargs: Any) -> Any:
        return await run(Call(fn, args, kwargs))

    return guarded


def _wrap_generator(stack: Stack) -> Callable[..., Any]:
    fn = stack.fn

    def lazily(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        admission = stack.open(Call(fn, args, kwargs))
        if isinstance(admission, Instead):
            return (yield from admission.answer())
        try:
            value = yield from fn(*args, **kwargs)
        except BaseException as error:
            admission.finish(error)
            raise
        admission.finish(None, value)
        return value

    @functools.wraps(fn)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if not is_current_view(fn):
            return lazily(*args, **kwargs)
        items = fn(*args, **kwargs)  # nothing of it has run yet
        admission = stack.open(Call(fn, args, kwargs))
        if isinstance(admission, Instead):
            return admission.answer()
        return GuardedBody(items, admission.finish)

    return guarded


def _wrap_context(stack: Stack) -> Callable[..., Any]:
    fn = stack.fn

    @functools.wraps(fn)
    def guarded(*args: Any, **kwargs: Any) -> GuardedContext:
        return GuardedContext(stack, Call(fn, args, kwargs))

    return guarded


class GuardedContext(contextlib.ContextDecorator):
    """A context manager that is inside its guards while it is entered."""

    def __init__(self, stack: Stack, call: Call) -> None:
        self._stack = stack
        self._call = call
        self._admission: Holds | None = None
        self._inner: Any = None

    def __enter__(self) -> Any:
        admission = self._stack.open(self._call)
        if isinstance(admission, Instead):
            self._inner = admission.answer()
            return self._inner.__enter__()
        try:
            self._inner = self._call.fn(*self._call.args, **self._call.kwargs)
            value = self._inner.__enter__()
        except BaseException as error:
            admission.finish(error)
            raise
        self._admission = admission
        return value

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        admission, self._admission = self._admission, None
        try:
            suppressed = bool(self._inner.__exit__(kind, error, trace))
        except BaseException as own:
            if admission is not None:
                admission.finish(own)
            raise
        if admission is not None:
            admission.finish(None if suppressed else error)
        return suppressed

    def _recreate_cm(self) -> GuardedContext:
        return GuardedContext(self._stack, self._call)
