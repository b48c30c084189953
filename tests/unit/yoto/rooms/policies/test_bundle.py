from __future__ import annotations

import pytest

from yoto.rooms.policies import Bundle


def test_the_order_in_which_things_are_given_does_not_matter() -> None:
    one = Bundle({"a": "1", "b": "2"}, {}, {"x": {"k": 1, "l": 2}, "y": 3})
    other = Bundle({"b": "2", "a": "1"}, {}, {"y": 3, "x": {"l": 2, "k": 1}})

    assert one.version == other.version


def test_any_change_is_another_version() -> None:
    bundles = [
        Bundle({"a": "1"}),
        Bundle({"a": "2"}),
        Bundle({"b": "1"}),
        Bundle({}, {"a": "1"}),
        Bundle({"a": "1"}, {"a": "1"}),
        Bundle({"a": "1"}, {}, {"x": 0}),
        Bundle({"a": "1"}, {}, {"x": False}),
        Bundle({"a": "1"}, {}, {"x": None}),
        Bundle({"a": "1"}, {}, {"x": ""}),
    ]

    assert len({bundle.version for bundle in bundles}) == len(bundles)


def test_it_keeps_what_it_was_given() -> None:
    modules = {"a": "1"}
    bundle = Bundle(modules)
    modules["b"] = "2"

    assert dict(bundle.modules) == {"a": "1"}
    with pytest.raises(TypeError):
        bundle.modules["c"] = "3"  # type: ignore[index]
