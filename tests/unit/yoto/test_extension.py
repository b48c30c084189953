"""An extension gives each application a part of its own."""

from __future__ import annotations

import pytest
from flask import Flask

from yoto.extension import Extension


class Numbers(Extension[list[int]]):
    """Gives each application a list."""

    key = "yoto.numbers"

    def init_app(self, app: Flask, *numbers: int) -> None:
        """Keep ``numbers``."""
        self.keep(app, list(numbers))


def test_one_object_serves_several_applications() -> None:
    numbers, one, other = Numbers(), Flask("one"), Flask("other")
    numbers.init_app(one, 1)
    numbers.init_app(other)
    assert Numbers.of(one) == [1] and Numbers.of(other) == []
    with one.app_context():
        assert numbers.current == [1]


def test_an_application_without_it_is_told_what_to_call() -> None:
    app = Flask("bare")
    remedy = r"call Yoto\(app\) first, or Numbers\(\).init_app"
    with pytest.raises(RuntimeError, match=f"has no 'yoto.numbers': {remedy}"):
        Numbers.of(app)
    assert not Numbers.is_in(app)
