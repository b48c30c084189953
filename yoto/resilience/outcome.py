"""The meaning of a call's end for a breaker, and the running of a guarded call."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, ParamSpec, Protocol, TypeAlias, TypeVar

from yoto.deadlines import ending
from yoto.errors import DeadlineExceeded

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

# A class of exceptions, or a predicate of an exception.
OneOfThem: TypeAlias = type[BaseException] | Callable[[BaseException], object]
ExceptionFilter: TypeAlias = OneOfThem | Collection[OneOfThem]


@dataclass(frozen=True, slots=True)
class Exceptions:
    """Exceptions given by their classes, or by predicates that are true for them."""

    kinds: tuple[type[BaseException], ...]
    predicates: tuple[Callable[[BaseException], object], ...] = ()

    @classmethod
    def of(cls, field_name: str, given: ExceptionFilter) -> Exceptions:
        """The predicate of an option in code: a class, a predicate, or a collection of them.

        Raises:
            TypeError: it is something else; it names the field. At decoration, not at a failure.
        """
        several = isinstance(given, Collection) and not isinstance(given, type | str | bytes)
        kinds, predicates = [], []
        for one in given if several else (given,):  # type: ignore[union-attr]
            if isinstance(one, type) and issubclass(one, BaseException):
                kinds.append(one)
            elif callable(one) and not isinstance(one, type):
                predicates.append(one)
            else:
                raise TypeError(f"{field_name}: {one!r} is no class of exceptions and no predicate")
        return cls(tuple(kinds), tuple(predicates))

    def match(self, error: BaseException) -> bool:
        """Whether ``error`` matches; raises the exceptions of predicates."""
        return isinstance(error, self.kinds) or any(test(error) for test in self.predicates)


class Outcome(IntEnum):
    """The numbers are those of the scripts."""

    SUCCESS = 0
    FAILURE = 1
    IGNORED = 2


@dataclass(frozen=True)
class Classifier:
    """Decides the meaning of a call's end.

    Attributes:
        expected: exceptions that are failures; any other ``Exception`` is a success, since the
            service behind the breaker did respond.
        ignored: exceptions that say nothing; they win over ``expected``.
        failed_result: a predicate, true for a returned value that is a failure.

    Raises:
        TypeError: ``expected`` or ``ignored`` is of something else, or ``failed_result`` cannot
            be called.
    """

    expected: ExceptionFilter = Exception
    ignored: ExceptionFilter = ()
    failed_result: Callable[[Any], bool] | None = None
    failures: Exceptions = field(init=False, repr=False, compare=False)
    unsaid: Exceptions = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "failures", Exceptions.of("expected", self.expected))
        object.__setattr__(self, "unsaid", Exceptions.of("ignored", self.ignored))
        if self.failed_result is not None and not callable(self.failed_result):
            raise TypeError(f"failed_result: {self.failed_result!r} cannot be called")

    def of_error(self, error: BaseException) -> Outcome:
        """The meaning of an exception.

        A bare ``BaseException`` (``GreenletExit``, ``KeyboardInterrupt``) ends the caller, not
        the call, and is ignored unless it is expected by name.
        """
        if self.unsaid.match(error):
            return Outcome.IGNORED
        # How much time its caller had says nothing about the service.
        if isinstance(error, DeadlineExceeded) and type(error) not in self.failures.kinds:
            return Outcome.IGNORED
        if self.failures.match(error):
            return Outcome.FAILURE
        return Outcome.SUCCESS if isinstance(error, Exception) else Outcome.IGNORED

    def of_end(self, error: BaseException | None, value: Any = None) -> Outcome:
        """The meaning of an exception or, without one, of the returned value.

        A predicate that fails does not hide how the call ended: the call is not counted.
        """
        try:
            if error is not None:
                return self.of_error(error)
            failed = self.failed_result is not None and self.failed_result(value)
            return Outcome.FAILURE if failed else Outcome.SUCCESS
        except Exception:
            log.exception("a predicate failed; the call is not counted")
            return Outcome.IGNORED


ANY_EXCEPTION = Classifier()


PermitType = TypeVar("PermitType")


def give_back(
    give: Callable[[PermitType, Outcome, BaseException | None], None] | None,
    permit: PermitType,
    outcome: Outcome,
    error: BaseException | None,
) -> None:
    """Hands a permit back; an error in that must not hide how the call ended."""
    if give is None:
        return
    try:
        with ending():
            give(permit, outcome, error)
    except Exception:
        log.exception("the end of a call was not recorded")


class Exit(Protocol):
    """A permit: it takes the outcome once and never raises."""

    def exit(self, outcome: Outcome, error: BaseException | None = None) -> None:
        """Report the outcome of the call, and its exception."""
        ...


def run_with(
    permit: Exit, classifier: Classifier, fn: Callable[P, R], *args: P.args, **kwargs: P.kwargs
) -> R:
    """Calls ``fn`` and gives the permit back with the outcome; ``fn``'s result or exception
    comes through even if the permit fails."""
    try:
        value = fn(*args, **kwargs)
    except BaseException as error:
        permit.exit(classifier.of_end(error), error)
        raise
    permit.exit(classifier.of_end(None, value))
    return value
