"""A list of parts: made, started and closed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from yoto.component import Component, close_all, init_all, start_all

app = Flask("shop")


def notes(done: list[str], word: str) -> Callable[..., None]:
    return lambda *_: done.append(word)


def parts(done: list[str]) -> tuple[Component[str], ...]:
    return (
        Component("a", notes(done, "init a"), notes(done, "start a"), notes(done, "close a")),
        Component("b", init=notes(done, "init b")),
        Component("c", start=notes(done, "start c"), close=notes(done, "close c")),
    )


def test_parts_are_made_and_started_in_order_and_closed_from_the_last_on() -> None:
    done: list[str] = []
    init_all(app, "host", parts(done))
    start_all(app, parts(done))
    close_all(app, parts(done))
    assert done == ["init a", "init b", "start a", "start c", "close c", "close a"]


def test_a_part_is_made_from_what_the_application_says() -> None:
    given: list[tuple[Flask, str]] = []
    init_all(app, "host", [Component("a", init=lambda *both: given.append(both))])
    assert given == [(app, "host")]


def test_a_part_that_does_not_close_keeps_no_other_from_its_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(_: Flask) -> None:
        raise OSError("the socket is gone")

    done: list[str] = []
    first, *rest = parts(done)
    failing: Component[str] = Component("broken", close=fail)
    with pytest.raises(ExceptionGroup) as raised:
        close_all(app, [first, failing, *rest, failing])
    assert done == ["close c", "close a"]
    assert [str(one) for one in raised.value.exceptions] == ["the socket is gone"] * 2
    assert caplog.messages == ["'broken' of shop did not close"] * 2


def test_parts_may_start_again_after_their_end() -> None:
    done: list[str] = []
    for _ in range(2):
        start_all(app, parts(done))
        close_all(app, parts(done))
    assert done == ["start a", "start c", "close c", "close a"] * 2
