"""All guards of one function, entered in one order however the decorators are written."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from yoto.errors import CircuitOpen
from yoto.request_thread import in_request_thread

from .body import is_current_view, keep_open
from .call import Call, settled
from .degrade import DegradePart
from .parts import DecoratorPart, Fallback, Held

log = logging.getLogger(__name__)


class Holds(NamedTuple):
    """Every part admitted the call: what they hold for it, given back together."""

    held: Sequence[Held]

    def cancel(self) -> None:
        _each(self.held, lambda one: one.cancel())

    def finish(self, error: BaseException | None, value: Any = None) -> None:
        _each(self.held, lambda one: one.finish(error, value))


@dataclass(frozen=True, slots=True)
class Instead:
    """The result in place of the call, which does not run."""

    answer: Callable[[], Any]


@dataclass(frozen=True)
class Stack:
    """A function and its guards: degradation, then breakers, limits and bulkheads.

    When one part refuses, the parts before it admitted the call for nothing, so they take it
    back uncharged.
    """

    fn: Callable[..., Any]
    parts: tuple[DecoratorPart, ...] = ()
    degrade: DegradePart | None = None

    def with_part(self, part: DecoratorPart) -> Stack:
        """The stack with one part more; among equal ranks the outer decorator's comes first."""
        parts = tuple(sorted((part, *self.parts), key=lambda one: one.rank))
        return replace(self, parts=parts)

    def run(self, call: Call) -> Any:
        """The result of the call, or of its fallback."""
        if self.degrade is None:
            return self._run_guarded(call)
        return self.degrade.run(call, lambda: self._run_guarded(call))

    async def run_async(self, call: Call) -> Any:
        """As ``run``, for a coroutine function.

        For a view the guards are entered where a synchronous view's are: the caller may be looked
        up in a database. Anywhere else nothing is awaited between an admitting guard and the
        function, so that a call that is cancelled there keeps no slot.
        """
        if self.degrade is None:
            return await self._run_guarded_async(call)
        return await self.degrade.run_async(call, lambda: self._run_guarded_async(call))

    def fallbacks(self) -> Iterator[Fallback]:
        """The functions that may give the result instead."""
        for part in self.parts:
            if part.fallback is not None:
                yield part.fallback
        if self.degrade is not None and callable(self.degrade.fallback):
            yield self.degrade.fallback

    def open(self, call: Call) -> Holds | Instead:
        """Admit a call that does not end when it returns: a generator, a context manager."""
        if self.degrade is None:
            return self.admit(call)
        answer = self.degrade.answer_instead(call)
        if answer is not None:
            return Instead(answer)
        try:
            return self.admit(call)
        except Exception as error:
            answer = self.degrade.answer_after(call, error)
            if answer is None:
                raise
            return Instead(answer)

    def admit(self, call: Call) -> Holds | Instead:
        """Ask every part in turn.

        Raises:
            Rejected: a part refused; those before it are not charged.
        """
        held: list[Held] = []
        for part in self.parts:
            try:
                held.append(part.enter(call))
            except BaseException as error:
                Holds(held).cancel()
                if part.fallback is None or not isinstance(error, CircuitOpen):
                    raise
                return Instead(_bound(part.fallback, call))
        return Holds(held)

    def _run_guarded(self, call: Call) -> Any:
        admission = self.admit(call)
        if isinstance(admission, Instead):
            return admission.answer()
        try:
            value = self.fn(*call.args, **call.kwargs)
        except BaseException as error:
            admission.finish(error)
            raise
        return self._returned(admission, value)

    async def _run_guarded_async(self, call: Call) -> Any:
        if is_current_view(self.fn):
            admission = await in_request_thread(lambda: self.admit(call))
        else:
            admission = self.admit(call)
        if isinstance(admission, Instead):
            return await settled(admission.answer())
        try:
            value = await self.fn(*call.args, **call.kwargs)
        except BaseException as error:
            admission.finish(error)
            raise
        return self._returned(admission, value)

    def _returned(self, admission: Holds, value: Any) -> Any:
        answer, is_open = keep_open(self.fn, value, lambda error: admission.finish(error, value))
        if not is_open:
            admission.finish(None, value)
        return answer


def _each(held: Sequence[Held], end: Callable[[Held], None]) -> None:
    """Release each part, the last first: an error of one must neither keep another's slot nor
    hide the outcome of the call."""
    for one in reversed(held):
        try:
            end(one)
        except Exception:
            log.exception("a guard of a call was not left in order")


def _bound(fallback: Fallback, call: Call) -> Callable[[], Any]:
    return lambda: fallback(*call.args, **call.kwargs)
