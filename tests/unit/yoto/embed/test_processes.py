"""Work that begins and ends in each process of an application."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import pytest
from flask import Flask

from yoto.embed import processes


class Watched:
    """An application whose acts are taken down."""

    def __init__(self, name: str) -> None:
        self.app, self.done = Flask(name), list[str]()
        self.fails = False
        processes.keep(
            self.app,
            renew=lambda _: self.done.append("renew"),
            close=self.close,
            begin=lambda _: self.done.append("begin"),
        )

    def close(self, _: Flask) -> None:
        self.done.append("close")
        if self.fails:
            raise OSError("the socket is gone")


@pytest.fixture
def one(monkeypatch: pytest.MonkeyPatch) -> Watched:
    # Applications of other tests do not end here.
    monkeypatch.setattr(processes, "_kept", WeakKeyDictionary())
    return Watched("one")


def test_the_work_begins_once_and_after_an_end_once_more(one: Watched) -> None:
    client = one.app.test_client()
    for _ in range(2):
        client.get("/")
        client.get("/")
        processes.close(one.app)
    assert one.done == ["begin", "close"] * 2


def test_the_work_begins_anew_after_an_end_that_failed_too(one: Watched) -> None:
    one.fails = True
    one.app.test_client().get("/")
    with pytest.raises(OSError, match="the socket is gone"):
        processes.close(one.app)
    one.app.test_client().get("/")
    assert one.done == ["begin", "close", "begin"]


def test_at_the_end_of_the_process_an_application_that_fails_keeps_no_other_from_ending(
    one: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    one.fails = True
    other = Watched("other")
    processes._ended()
    assert one.done == other.done == ["close"]
    assert caplog.messages == ["one did not end as it should"]
