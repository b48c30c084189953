"""What a call's end means to a breaker, and how a guarded call is run."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, ParamSpec, Protocol, TypeVar

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

ExceptionTypes = tuple[type[BaseException], ...]


class Outcome(IntEnum):
    """The numbers are what the scripts take."""

    SUCCESS = 0
    FAILURE = 1
    IGNORED = 2


@dataclass(frozen=True)
class Classifier:
    """Decides what an end of a call means.

    Attributes:
        expected: exceptions that are failures; any other ``Exception`` is a success, since what is
            behind the breaker did answer.
        ignored: exceptions that say nothing; they win over ``expected``.
        failed_result: tells for a returned value whether it is a failure.
    """

    expected: ExceptionTypes = (Exception,)
    ignored: ExceptionTypes = ()
    failed_result: Callable[[Any], bool] | None = None

    def of_error(self, error: BaseException) -> Outcome:
        """The meaning of an exception.

        What is no ``Exception`` (``GreenletExit``, ``KeyboardInterrupt``) ends the caller, not the
        call, and is ignored unless it is expected by name.
        """
        if isinstance(error, self.ignored):
            return Outcome.IGNORED
        if isinstance(error, self.expected):
            return Outcome.FAILURE
        return Outcome.SUCCESS if isinstance(error, Exception) else Outcome.IGNORED

    def of_result(self, value: Any) -> Outcome:
        """The meaning of a returned value."""
        if self.failed_result is not None and self.failed_result(value):
            return Outcome.FAILURE
        return Outcome.SUCCESS


ANY_EXCEPTION = Classifier()


PermitType = TypeVar("PermitType")


def give_back(
    give: Callable[[PermitType, Outcome], None] | None, permit: PermitType, outcome: Outcome
) -> None:
    """Hands a permit back; whatever goes wrong with that must not hide how the call ended."""
    if give is None:
        return
    try:
        give(permit, outcome)
    except Exception:
        log.exception("the end of a call was not recorded")


class Exit(Protocol):
    """A permit: it takes the outcome once and never raises."""

    def exit(self, outcome: Outcome) -> None:
        """Tell how the call ended."""
        ...


def run_with(
    permit: Exit, classifier: Classifier, fn: Callable[P, R], *args: P.args, **kwargs: P.kwargs
) -> R:
    """Calls ``fn`` and gives the permit back with what its end means; ``fn``'s result or exception
    comes through whatever happens to the permit."""
    try:
        value = fn(*args, **kwargs)
    except BaseException as error:
        permit.exit(classifier.of_error(error))
        raise
    try:
        outcome = classifier.of_result(value)
    except Exception:
        log.exception("the result predicate failed; the call is not counted")
        outcome = Outcome.IGNORED
    permit.exit(outcome)
    return value
