"""Hooks for calls through breakers, for measurements of the host application."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from .outcome import Outcome

log = logging.getLogger(__name__)


class BreakerHooks:
    """Derive from it, override the hooks you need, and pass it to ``add_breaker_hooks``.

    Each ``before`` is followed by one of ``success``, ``failure`` and ``ignored``, in the thread of
    the call. A hook runs while the caller waits. Its exceptions are logged and change nothing.
    """

    def before(self, name: str) -> None:
        """The breaker admitted a call; a later guard may refuse it still."""

    def success(self, name: str, seconds: float) -> None:
        """The call ended well, after ``seconds``."""

    def failure(self, name: str, seconds: float, error: BaseException | None) -> None:
        """The call ended badly; ``error`` is None when its result was a failure, or untold."""

    def ignored(self, name: str, seconds: float, error: BaseException | None) -> None:
        """The outcome says nothing, or the call did not run because another guard refused it."""

    def state_change(self, name: str, old: str, new: str, reason: str) -> None:
        """The breaker of the fleet went from one state to another (values of ``State``).

        Every process is notified of each change, in the thread that follows the events, but of no
        change made while Redis was unreachable.
        """


class HookList:
    """The hooks of one application. Safe for threads.

    Attributes:
        listeners: the hooks; a caller that finds none need not measure for them.
    """

    __slots__ = ("listeners",)

    def __init__(self) -> None:
        self.listeners: tuple[BreakerHooks, ...] = ()

    def add(self, hooks: BreakerHooks) -> None:
        """Notify ``hooks`` of all that happens from now on."""
        self.listeners = (*self.listeners, hooks)

    def remove(self, hooks: BreakerHooks) -> None:
        """Notify ``hooks`` of nothing more."""
        self.listeners = tuple(one for one in self.listeners if one is not hooks)

    def let_in(self, name: str, take_back: Callable[[Outcome], None]) -> None:
        """A breaker admitted a call; a hook that ends the caller gives it back by ``take_back``."""
        try:
            self._each("before", name)
        except BaseException:
            take_back(Outcome.IGNORED)
            raise

    def ended(
        self, name: str, outcome: Outcome, seconds: float, error: BaseException | None
    ) -> None:
        """An admitted call ended."""
        if outcome is Outcome.SUCCESS:
            self._each("success", name, seconds)
        else:
            which = "failure" if outcome is Outcome.FAILURE else "ignored"
            self._each(which, name, seconds, error)

    def changed(self, name: str, old: str, new: str, reason: str) -> None:
        """A breaker is in another state."""
        self._each("state_change", name, old, new, reason)

    def _each(self, which: str, *args: Any) -> None:
        for hooks in self.listeners:
            try:
                getattr(hooks, which)(*args)
            except Exception:
                log.exception("a hook of breaker %s failed", args[0])
