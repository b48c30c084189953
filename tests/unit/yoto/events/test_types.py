"""Events become JSON and events again, whoever wrote them."""

from __future__ import annotations

import pytest

from yoto.errors import ConfigurationError
from yoto.events import (
    BreakerTransitioned,
    Event,
    UnknownEvent,
    decode,
    encode,
    event_type,
    registered_types,
)


def test_an_event_survives_the_way_through_json() -> None:
    event = BreakerTransitioned(
        name="billing-db", old="closed", new="open", reason="failure_rate", period=3
    )
    assert decode(event.type, encode(event)) == event


def test_an_event_cannot_be_changed() -> None:
    event = BreakerTransitioned(name="a", old="closed", new="open")
    with pytest.raises(AttributeError):
        event.name = "b"  # type: ignore[misc]


def test_numbers_as_lua_writes_them_are_understood() -> None:
    data = b'{"name":"a","old":"closed","new":"open","period":1.7e+12,"retry_after_ms":"5000"}'
    event = decode("breaker.transitioned", data)
    assert isinstance(event, BreakerTransitioned)
    assert (event.period, event.retry_after_ms) == (1_700_000_000_000, 5000)


def test_a_field_of_a_newer_writer_is_skipped() -> None:
    data = b'{"name":"a","old":"closed","new":"open","mood":"good"}'
    assert decode("breaker.transitioned", data) == BreakerTransitioned(
        name="a", old="closed", new="open"
    )


@pytest.mark.parametrize(
    ("data", "loose"),
    [(b'{"name":"a"}', {"name": "a"}), (b"[1,2]", [1, 2]), (b"no json", None), (b"\xff", None)],
)
def test_data_that_does_not_fit_its_type_is_kept_as_it_is(data: bytes, loose: object) -> None:
    assert decode("breaker.transitioned", data) == UnknownEvent(
        name="breaker.transitioned", data=loose
    )


def test_a_type_that_nobody_registered_is_kept_as_it_is() -> None:
    assert decode("weather.changed", b'{"to":"rain"}') == UnknownEvent(
        name="weather.changed", data={"to": "rain"}
    )


def test_higher_layers_register_types_of_their_own() -> None:
    @event_type("test.happened")
    class Happened(Event, frozen=True, kw_only=True):
        what: str

    assert registered_types()["test.happened"] is Happened
    assert decode("test.happened", b'{"what":"x"}') == Happened(what="x")


def test_a_type_name_belongs_to_one_class() -> None:
    with pytest.raises(ConfigurationError, match="breaker.transitioned"):

        @event_type("breaker.transitioned")
        class Impostor(Event, frozen=True, kw_only=True):
            pass
