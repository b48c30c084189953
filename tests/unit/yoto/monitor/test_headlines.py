"""One headline: the worst of everything, each cause once, and no good news of what is not known."""

from __future__ import annotations

from typing import Any

import pytest

from yoto.monitor.headlines import Condition, Headline, HeadlineCause, headline, without_networks


def cause(topic: str, state: str = "degraded", **fields: Any) -> HeadlineCause:
    made = {"kind": "breaker_open", "name": topic, "where": "guards", **fields}
    return HeadlineCause(topic=topic, state=Condition(state), **made)


def test_all_is_normal_only_if_all_agree() -> None:
    assert headline({}).state == headline({"alerts": [], "guards": []}).state == "ok"
    for state in ("planned", "degraded", "unknown", "failed"):
        assert headline({"alerts": [], "guards": [cause("a", state)]}).state == state


def test_what_could_not_be_asked_is_unknown_and_never_good() -> None:
    found = headline({"alerts": None, "guards": [cause("a")], "queues": None})
    assert found.state == "unknown"
    assert [(one.kind, one.name) for one in found.causes] == [
        ("unknown", "alerts, queues"),
        ("breaker_open", "a"),
    ]


@pytest.mark.parametrize(
    ("states", "worst"),
    [
        (("planned", "degraded"), "degraded"),
        (("degraded", "unknown"), "unknown"),
        (("unknown", "failed", "planned"), "failed"),
    ],
)
def test_the_worst_counts_and_comes_first(states: tuple[str, ...], worst: str) -> None:
    found = headline({"guards": [cause(f"{at}", state) for at, state in enumerate(states)]})
    assert found.state == worst == found.causes[0].state


def test_of_those_alike_the_oldest_comes_first() -> None:
    found = headline({"guards": [cause("a"), cause("b", since=9), cause("c", since=5)]})
    assert [one.name for one in found.causes] == ["c", "b", "a"]


def test_what_waits_to_end_comes_behind_what_is_as_bad_and_goes_on() -> None:
    ends = cause("a", kind="alert", recovering=True, since=1)
    found = headline({"alerts": [ends], "guards": [cause("b", since=5), cause("c", "planned")]})
    assert [one.name for one in found.causes] == ["b", "a", "c"]


def test_what_several_tell_of_one_thing_is_one_cause_with_the_worst_state() -> None:
    isolated = cause("breaker:pay", kind="breaker_isolated", by="admin", until=99, since=20)
    alert = cause("breaker:pay", "failed", kind="alert", since=50, network="192.0.2.0/24")
    (found,) = headline({"alerts": [alert], "guards": [isolated]}).causes
    assert (found.kind, found.by, found.until, found.since) == ("breaker_isolated", "admin", 99, 20)
    assert (found.state, found.network) == ("failed", "192.0.2.0/24")
    (hidden,) = without_networks(headline({"alerts": [alert], "guards": [isolated]})).causes
    assert hidden.network is None and hidden.state == "failed"


def follows(found: Headline) -> dict[str, str | None]:
    return {one.topic: one.follows for one in found.causes}


def test_what_follows_from_a_store_stands_behind_all_causes_and_names_it() -> None:
    lost = cause("redis", "failed", kind="component")
    sources = {"limits": None, "queues": None}
    others = [cause("breaker:pay"), cause("health:cache", "failed"), cause("silent workers")]
    found = headline({"parts": [lost, *others], **sources})
    assert follows(found) == {
        "redis": None,
        "breaker:pay": None,
        "health:cache": "redis",
        "unknown": "redis",
        "silent workers": "redis",
    }
    assert [one.follows for one in found.causes] == [None, None, "redis", "redis", "redis"]


def test_without_its_store_as_a_cause_nothing_is_a_consequence() -> None:
    found = headline({"parts": [cause("health:cache"), cause("migrations", "unknown")]})
    assert set(follows(found).values()) == {None}


@pytest.mark.parametrize(("since", "root"), [(79_000, None), (80_000, "redis"), (None, "redis")])
def test_what_was_there_long_before_a_cause_does_not_follow_from_it(
    since: int | None, root: str | None
) -> None:
    lost = cause("redis", "failed", since=100_000)
    found = headline({"parts": [lost, cause("silent workers", since=since)]})
    assert follows(found)["silent workers"] == root


def test_a_consequence_of_a_consequence_follows_from_the_first_cause() -> None:
    level = cause("level:alert:hit_rate:", follows="health:cache")
    found = headline({"parts": [cause("redis", "failed"), cause("health:cache"), level]})
    assert follows(found)["level:alert:hit_rate:"] == "redis"
    assert follows(headline({"parts": [level]})) == {"level:alert:hit_rate:": None}


def test_the_headline_is_as_bad_as_the_worst_consequence() -> None:
    found = headline({"parts": [cause("redis"), cause("health:cache", "failed")]})
    assert (found.state, found.causes[0].topic) == ("failed", "redis")


def test_an_alert_about_a_store_that_answers_again_waits_to_end() -> None:
    alert = cause("redis", "failed", kind="alert", level="critical")
    (found,) = headline({"alerts": [alert]}, well=["redis", "database"]).causes
    assert (found.state, found.recovering, found.level) == ("degraded", True, "critical")
    (still,) = headline({"alerts": [alert]}, well=["database"]).causes
    assert (still.state, still.recovering) == ("failed", False)


def test_an_alert_that_waits_to_end_is_not_what_is_said_of_a_limit_that_still_rejects() -> None:
    alert = cause("limit:send", kind="alert", recovering=True, level="warning", caller=None)
    rejects = cause("limit:send", kind="limiting", caller="mara")
    (found,) = headline({"alerts": [alert], "limits": [rejects]}).causes
    assert (found.kind, found.recovering, found.caller) == ("limiting", False, "mara")
    (alone,) = headline({"alerts": [alert]}).causes
    assert alone.recovering
