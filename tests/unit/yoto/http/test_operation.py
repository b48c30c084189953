"""Routes' schemas and commands follow from the signature of a declared operation."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from typing import Annotated, Any, Literal, TypedDict, Unpack

import click
import marshmallow as ma
import pytest
from flask import Flask
from marshmallow.validate import Length, OneOf

from yoto.auth.access import public, signed_in
from yoto.cli.operations import group_of
from yoto.http.control_api import ActSchema
from yoto.http.declared import body_of, people_blueprint
from yoto.http.fields import ReasonSchema
from yoto.http.operation import (
    Actor,
    Command,
    Reason,
    SeenVersion,
    Subject,
    Until,
    Why,
)
from yoto.http.shapes import Between, Seconds

Short = Annotated[str | None, partial(ma.fields.String, validate=Length(max=3)), "Short"]


class Whole(TypedDict):
    """The answer of an operation."""

    state: Literal["on", "off"]


def no_text(found: Any, **given: Any) -> list[str]:
    return []


def declared() -> Subject:
    subject = Subject("things", "/things", "Things", "thing", "things", "Things.")

    @subject.operation("PUT", "/<name>", "platform.operate", Command("turn", no_text))
    def turn_thing(
        name: str,
        state: Annotated[str, OneOf(("on", "off"))],
        reason: Reason,
        seconds: Annotated[float, Between(0, 60, above=True)] = 5.0,
        times: Annotated[int, Between(1, 3), "How often"] = 1,
        until: Until = None,
    ) -> Whole:
        """Turn a thing"""
        raise AssertionError("nobody calls it")

    return subject


def taken() -> ma.Schema:
    [operation] = declared().operations
    made = body_of(operation)
    assert made is not None
    return made()


def test_what_is_left_out_has_its_default_and_what_is_in_the_path_is_in_no_body() -> None:
    assert taken().load({"state": "on", "reason": "why"}) == {
        "state": "on",
        "reason": "why",
        "seconds": 5.0,
        "times": 1,
        "until": None,
    }
    assert "name" not in taken().fields


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"state": "maybe"}, "state"),
        ({"reason": " "}, "reason"),
        ({"reason": None}, "reason"),
        ({"seconds": 0}, "seconds"),
        ({"seconds": 61}, "seconds"),
        ({"times": 4}, "times"),
        ({"times": "1"}, "times"),
        ({"until": "tomorrow"}, "until"),
        ({"name": "x"}, "name"),
    ],
)
def test_what_the_annotations_do_not_allow_is_refused_by_name(
    body: dict[str, Any], field: str
) -> None:
    errors = taken().validate({"state": "on", "reason": "why", **body})
    assert list(errors) == [field]


def test_the_command_has_the_same_bounds() -> None:
    command = group_of(declared()).commands["turn"]
    options = {one.name: one for one in command.params}
    assert isinstance(options["name"], click.Argument)
    assert isinstance(options["times"].type, click.IntRange)
    assert (options["times"].type.min, options["times"].type.max) == (1, 3)
    assert isinstance(options["seconds"].type, click.FloatRange)
    assert (options["reason"].required, options["as_json"].required) == (True, False)


def test_a_partial_makes_a_field_that_plain_types_say_too_little_of() -> None:
    subject = Subject("things", "/things", "Things", "thing", "things", "Things.")

    @subject.operation("POST", "/one/test", "platform.view", changes=False, body="TryThing")
    def try_one(text: Short = None) -> Whole:
        raise AssertionError("nobody calls it")

    @subject.operation("POST", "/other/test", "platform.view", changes=False, body="TryThing")
    def try_other(text: Short = None) -> Whole:
        raise AssertionError("nobody calls it")

    made, other = map(body_of, subject.operations)
    assert made is not None and made is other
    assert made().load({}) == made().load({"text": None}) == {"text": None}
    assert list(made().validate({"text": "long"})) == ["text"]
    assert made().fields["text"].metadata == {"description": "Short"}


def test_a_change_that_demands_no_reason_cannot_be_declared() -> None:
    subject = Subject("things", "/things", "Things", "thing", "things", "Things.")
    with pytest.raises(TypeError, match="turn_thing changes something, and demands no reason"):

        @subject.operation("POST", "", "platform.operate")
        def turn_thing() -> Whole:
            raise AssertionError("nobody calls it")

    with pytest.raises(TypeError, match="end_thing changes something, and demands no reason"):

        @subject.operation("POST", "/end", "platform.operate")
        def end_thing(reason: Why = None) -> Whole:
            raise AssertionError("nobody calls it")

    assert subject.operations == []


def given_to(command: str, *arguments: str, **fixed: Any) -> dict[str, Any]:
    """The arguments that a command line gives to a function."""
    subject = Subject("things", "/things", "Things", "thing", "things", "Things.")
    seen: dict[str, Any] = {}

    @subject.operation(
        "PUT",
        "/<name>",
        "platform.operate",
        Command("set", no_text, arguments=("values",), called={"values": "fields"}),
        Command(
            "mark",
            no_text,
            fixed={"values": {}},
            called={"seconds": "for", "labels": "label"},
        ),
    )
    def set_thing(
        name: str,
        values: dict[str, Any],
        reason: Reason,
        version: SeenVersion,
        seconds: Annotated[float, Seconds(1, 600)] = 60.0,
        labels: dict[str, str] | None = None,
    ) -> None:
        """Set a thing"""
        seen.update(locals())

    app = Flask(__name__)
    app.cli.add_command(group_of(subject))
    result = app.test_cli_runner().invoke(args=["things", command, *arguments])
    assert result.exit_code == 0, result.output
    del seen["seen"]
    return seen


def test_mappings_are_written_in_pairs_and_times_with_a_unit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("yoto.cli.operations.acting", nullcontext)
    assert given_to("set", "a", "b=1", "c=x", "--reason", "why", "--version", "3") == {
        "name": "a",
        "values": {"b": 1, "c": "x"},
        "reason": "why",
        "version": 3,
        "seconds": 60.0,
        "labels": {},
    }
    found = given_to("mark", "a", "--for", "2m", "--label", "b=1", "--reason", "why")
    assert (found["seconds"], found["labels"], found["version"]) == (120.0, {"b": "1"}, None)


class Colours(TypedDict, total=False):
    """The looks of a thing."""

    inside: str
    outside: str | None


def painted(some: str = "") -> ma.Schema:
    subject = Subject("things", "/things", "Things", "thing")

    @subject.operation("PATCH", "/<name>", signed_in, some=some)
    def paint_thing(
        actor_id: Actor, name: str, reason: Why = None, **colours: Unpack[Colours]
    ) -> None:
        """Paint a thing"""

    made = body_of(subject.operations[0])
    assert made is not None
    return made()


def test_a_function_gets_of_what_may_be_left_out_only_what_was_given() -> None:
    assert painted().load({}) == {"reason": None}
    assert painted().load({"outside": None}) == {"reason": None, "outside": None}
    assert list(painted().validate({"inside": None, "actor_id": 1})) == ["inside", "actor_id"]


def test_an_act_can_demand_one_of_what_may_be_left_out() -> None:
    demanding = painted("Give 'inside' or 'outside'.")
    assert demanding.validate({"reason": "why"}) == {"_schema": ["Give 'inside' or 'outside'."]}
    assert demanding.validate({"inside": "red"}) == {}
    assert type(demanding).__name__ == "paint_thingSchema"


def test_people_delete_by_the_query_and_operators_by_a_body() -> None:
    subject = Subject("things", "/things", "Things", "thing")

    @subject.operation("DELETE", "/<name>", signed_in)
    def delete_thing(name: str, reason: Why = None) -> None:
        """Delete a thing"""

    @subject.operation("DELETE", "/<name>", "platform.operate")
    def destroy_thing(name: str, reason: Reason) -> None:
        """Destroy a thing"""

    assert [one.in_query for one in subject.operations] == [True, False]
    assert [body_of(one) for one in subject.operations] == [ReasonSchema, ActSchema]


def test_what_people_make_has_the_address_at_which_it_is_read() -> None:
    subject = Subject("things", "/things", "Things", "thing")

    @subject.operation("POST", "", public("a test"), status=201, location=("read_thing", "state"))
    def make_thing() -> Whole:
        """Make a thing"""
        return {"state": "on"}

    @subject.operation("GET", "/of/<name>", public("a test"))
    def read_thing(name: str) -> Whole:
        """A thing"""
        raise AssertionError("nobody calls it")

    app = Flask(__name__)
    app.register_blueprint(people_blueprint(subject))
    answer = app.test_client().post("/api/v1/things")
    assert (answer.status_code, answer.headers["Location"]) == (201, "/api/v1/things/of/on")
