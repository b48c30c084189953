"""The right to make one call through a breaker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ..outcome import Outcome, give_back
from .states import Admission

# Takes the permit, the outcome, and the exception behind it.
Give = Callable[["BreakerPermit", Outcome, BaseException | None], None]


class AdmittedCall(Protocol):
    """The data of a call that a breaker needs to take its result; see ``BreakerPermit``."""

    request: str
    admission: Admission
    local: bool
    alone: Admission | None


@dataclass(slots=True, eq=False)
class BreakerPermit:
    """Give it back once with the call's outcome; giving it back again does nothing.

    Attributes:
        request: id of the request.
        admission: the reply of Redis, or of the local twin.
        started: when the call was admitted, seconds of the runtime's clock.
        local: the local twin admitted it, without Redis.
        alone: the reply of the local twin too, in an instance that opened alone.
    """

    _give: Give | None
    request: str
    admission: Admission
    started: float
    local: bool
    alone: Admission | None = None

    def exit(self, outcome: Outcome, error: BaseException | None = None) -> None:
        """Report the outcome of the call, and to hooks its exception; never raises."""
        give, self._give = self._give, None
        give_back(give, self, outcome, error)
