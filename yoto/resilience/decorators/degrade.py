"""Fallbacks of a degradable function that may not, or could not, do its work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any

from yoto.errors import Degraded, RateLimited, Rejected

from ..degradation import Degradation, Fallback, LastGood
from ..extension import get_resilience_controller
from ..outcome import Classifier, Outcome
from ..settings import DegradationLevel
from .body import is_sent_later
from .call import Call, CallClassifier, settled
from .keys import Evaluated

NONE = DegradationLevel.NONE
_CLASSIFIER = CallClassifier()


class Nothing:
    """Stands for no value where None is one."""


NOTHING = Nothing()


@dataclass(frozen=True)
class DegradePart:
    """``@degradable``: the function, then its last good value, then a fallback, then a constant.

    Attributes:
        name: the feature.
        fallback: a function, or the name of a registered one; the configuration may choose another
            for a level.
        static: the constant.
        cache_key: gives for a call the key under which its last good value is kept; without it
            none is kept, since a result may be for one caller only.
        keep: seconds for which that value may be given.
        on: its failures are the exceptions after which a fallback is used.
    """

    name: str
    fallback: Fallback | str | None
    static: Any
    cache_key: Evaluated | None
    keep: float
    on: Classifier

    def run(self, call: Call, primary: Callable[[], Any]) -> Any:
        """The result of ``primary``, or of its fallback.

        Raises:
            Degraded: the feature is switched off and there is no fallback.
        """
        answer = self.answer_instead(call)
        if answer is not None:
            return answer()
        try:
            value = primary()
        except Exception as error:
            answer = self.answer_after(call, error)
            if answer is None:
                raise
            # Inside the handler, so that the fallback's own exception names this one as its cause.
            return answer()
        self._remember(call, value)
        return value

    async def run_async(self, call: Call, primary: Callable[[], Awaitable[Any]]) -> Any:
        """As ``run``; the fallback may be asynchronous too."""
        answer = self.answer_instead(call)
        if answer is not None:
            return await settled(answer())
        try:
            value = await primary()
        except Exception as error:
            answer = self.answer_after(call, error)
            if answer is None:
                raise
            return await settled(answer())
        self._remember(call, value)
        return value

    def answer_instead(self, call: Call) -> Callable[[], Any] | None:
        """The fallback while the feature is degraded; None when it is not.

        Raises:
            Degraded: it is, and there is no fallback.
        """
        degradation = get_resilience_controller().degradation
        level = degradation.level(self.name)
        if level is NONE:
            return None
        answer = self._answer(degradation, level, call)
        if answer is None:
            raise Degraded(self.name, level.value)
        return answer

    def answer_after(self, call: Call, error: Exception) -> Callable[[], Any] | None:
        """The fallback after an exception; None when it is the caller's, or there is none."""
        if self.on.of_end(error) is not Outcome.FAILURE or isinstance(error, RateLimited):
            return None
        if not isinstance(error, Rejected) and _CLASSIFIER.of_end(error) is not Outcome.FAILURE:
            return None
        return self._answer(get_resilience_controller().degradation, NONE, call)

    def _answer(
        self, degradation: Degradation, level: DegradationLevel, call: Call
    ) -> Callable[[], Any] | None:
        if self.cache_key is not None:
            kept = self._last_good().find(self._key(call))
            if kept is not None:
                return lambda: kept[0]
        fallback = degradation.fallback(self.name, level)
        if fallback is None and isinstance(self.fallback, str):
            fallback = degradation.fallbacks.get(self.fallback)
        elif fallback is None and not isinstance(self.fallback, str):
            fallback = self.fallback
        if fallback is not None:
            chosen = fallback
            return lambda: chosen(*call.args, **call.kwargs)
        return None if self.static is NOTHING else lambda: self.static

    def _remember(self, call: Call, value: Any) -> None:
        if self.cache_key is not None and not is_sent_later(value):
            self._last_good().remember(self._key(call), value)

    def _last_good(self) -> LastGood:
        return get_resilience_controller().degradation.last_good(self.name, self.keep)

    def _key(self, call: Call) -> Hashable:
        assert self.cache_key is not None
        key: Hashable = self.cache_key(call)
        return key
