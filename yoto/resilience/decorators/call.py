"""One call of a decorated function, and how its end is judged."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from werkzeug.exceptions import HTTPException

from yoto.errors import MaintenanceMode, PermissionDenied, Rejected, ValidationFailed

from ..outcome import Classifier, Exceptions, Outcome

# The caller made a mistake, and got an error for it: the called service works.
CALLERS_FAULT: tuple[type[Exception], ...] = (ValidationFailed, PermissionDenied)
# The call did not reach the service, so it says nothing about it.
NOT_REACHED: tuple[type[Exception], ...] = (Rejected, MaintenanceMode)
_FIRST_SERVER_ERROR = 500


class Call(NamedTuple):
    """A decorated function and its arguments."""

    fn: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


def is_async(fn: Any) -> bool:
    """Whether the result of ``fn`` is awaited: a coroutine function, or an object that is called as
    one."""
    return inspect.iscoroutinefunction(fn) or inspect.iscoroutinefunction(
        getattr(type(fn), "__call__", None)  # noqa: B004 - not whether it can be called, but how
    )


async def settled(value: Any) -> Any:
    """A value, awaited if it must be."""
    return await value if inspect.isawaitable(value) else value


@dataclass(frozen=True)
class CallClassifier(Classifier):
    """As ``Classifier``, with the errors of this platform and of HTTP.

    A 404 is no failure of the database that was asked, and a refusal by another guard is no failure
    of the service behind this one. An exception that is expected by name counts all the same.
    """

    # Exceptions that were named, rather than meant with all other exceptions.
    named: Exceptions = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        kinds = tuple(kind for kind in self.failures.kinds if kind is not Exception)
        object.__setattr__(self, "named", Exceptions(kinds, self.failures.predicates))

    def of_error(self, error: BaseException) -> Outcome:
        if not (self.named.match(error) or self.unsaid.match(error)):
            if isinstance(error, NOT_REACHED):
                return Outcome.IGNORED
            if isinstance(error, CALLERS_FAULT) or is_client_error(error):
                return Outcome.SUCCESS
        return super().of_error(error)


def is_client_error(error: BaseException) -> bool:
    """Whether an exception is an HTTP response below 500."""
    if not isinstance(error, HTTPException):
        return False
    code = error.response.status_code if error.response is not None else error.code
    return code is not None and code < _FIRST_SERVER_ERROR
