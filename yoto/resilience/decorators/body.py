"""Bodies of responses that are sent after the view has returned: its guards hold until then."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from flask import current_app, has_request_context, request
from flask.sansio.app import App
from werkzeug.wrappers import Response

# Takes the exception that ended the body; None when nothing went wrong.
Finish: TypeAlias = Callable[[BaseException | None], None]


class GuardedBody(Iterator[Any]):
    """A body that reports its end once: at its last item, at an exception, or at ``close``.

    Given up halfway it ends with ``GeneratorExit``, as a generator would: its reader is gone,
    which says nothing about the called service. A body that is never read is complete, as the
    response to a HEAD request is.
    """

    def __init__(self, body: Iterable[Any], finish: Finish) -> None:
        self._body = body
        self._items: Iterator[Any] | None = None
        self._finish: Finish | None = finish

    def __next__(self) -> Any:
        try:
            if self._items is None:
                self._items = iter(self._body)
            return next(self._items)
        except StopIteration:
            self._end(None)
            raise
        except BaseException as error:
            self._end(error)
            raise

    def close(self) -> None:
        """Close the body, and leave the guards."""
        ended: BaseException | None = None if self._items is None else GeneratorExit()
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        except BaseException as error:
            ended = error
            raise
        finally:
            self._end(ended)

    def __del__(self) -> None:
        # Another body replaced it without notice: without this its slot would be renewed for ever.
        self._end(GeneratorExit())

    def _end(self, error: BaseException | None) -> None:
        finish, self._finish = self._finish, None
        if finish is not None:
            finish(error)


def keep_open(fn: Callable[..., Any], value: Any, finish: Finish) -> tuple[Any, bool]:
    """The result of ``fn``, with a body in it that calls ``finish`` when it was sent.

    Returns:
        The value, and whether it has such a body. If not, ``finish`` is not called.
    """
    if isinstance(value, tuple) and value:
        first, is_open = keep_open(fn, value[0], finish)
        return ((first, *value[1:]), True) if is_open else (value, False)
    if isinstance(value, Response):
        if not value.is_streamed:
            return value, False
        value.response = GuardedBody(value.response, finish)
        return value, True
    if isinstance(value, Iterator) and is_current_view(fn):
        return GuardedBody(value, finish), True
    return value, False


def is_sent_later(value: Any) -> bool:
    """Whether a value has a body that can be sent only once, and so be given to one caller only."""
    if isinstance(value, tuple) and value:
        return is_sent_later(value[0])
    return isinstance(value, GuardedBody) or (isinstance(value, Response) and value.is_streamed)


def is_current_view(fn: Callable[..., Any]) -> bool:
    """Whether ``fn`` is the view of the request at hand, or its method of a view class."""
    if not has_request_context() or request.endpoint is None:
        return False
    views = view_functions(current_app, request.endpoint, request.method)
    return any(inspect.unwrap(view) is inspect.unwrap(fn) for view in views)


def view_functions(app: App, endpoint: str, method: str) -> Iterator[Any]:
    """A view; of a view class also the class, and the function for the method."""
    view = app.view_functions.get(endpoint)
    if view is None:
        return
    yield view
    view_class = getattr(view, "view_class", None)
    if view_class is not None:
        yield view_class
        answering = getattr(view_class, method.lower(), None)
        if answering is None and method == "HEAD":
            answering = getattr(view_class, "get", None)
        yield answering
        yield getattr(view_class, "dispatch_request", None)
