"""The topic of a decision."""

from __future__ import annotations

import json
from typing import Any

import pytest

from yoto.rooms.policies.input import Question
from yoto.rooms.policies.partial import Topic


def test_the_topic_of_a_question_is_that_of_its_input() -> None:
    question = Question(7, "server.manage", "server", 3, {"action": "other"})
    topic = question.topic
    assert topic == Topic("server.manage", ("*", "server.*", "server.manage"), "server")
    assert topic == Topic.of({**question.document, "context": {"ip": "::1"}})


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"action": None, "resource": {"scope": "server"}},
        {"action": {"name": "a", "names": ["a"]}, "resource": {}},
        {"action": {"name": "a", "names": []}, "resource": {"scope": "server"}},
        {"action": {"name": "a", "names": "a"}, "resource": {"scope": "server"}},
        {"action": {"name": "a", "names": ["a", 1]}, "resource": {"scope": "server"}},
        {"action": {"name": True, "names": ["a"]}, "resource": {"scope": "server"}},
        {"action": {"name": "a" * 201, "names": ["a"]}, "resource": {"scope": "server"}},
        {"action": {"name": "a", "names": ["a"] * 9}, "resource": {"scope": "server"}},
    ],
)
def test_an_input_with_an_odd_field_has_none(document: dict[str, Any]) -> None:
    assert Topic.of(document) is Topic.of_text(json.dumps(document)) is None


def test_the_topic_of_a_text_is_that_of_the_object_in_it() -> None:
    topic = Topic("server.manage", ("*", "server.manage"), "server")
    assert Topic.of_text(json.dumps(topic.document)) == topic
    assert Topic.of_text("[]") is Topic.of_text("null") is None
