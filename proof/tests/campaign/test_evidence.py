"""A branch is taken where a log, a count, a reply or a note shows it, and not otherwise."""

from __future__ import annotations

from proof.campaign.evidence import Evidence, counters_of, growth
from proof.campaign.faults.seen import (
    answered,
    both,
    counted,
    either,
    logged,
    noted,
    replied,
    touched,
)

PAGE = """\
# HELP yoto_redis_errors_total calls that failed
yoto_redis_errors_total{kind="timeout"} 3
yoto_redis_errors_total{kind="connection"} 4
yoto_redis_up{worker="w"} 1
"""
COUNTS = dict(counters_of(PAGE))
NOTHING = Evidence()


def test_a_count_is_seen_by_its_labels() -> None:
    found = Evidence(counts=COUNTS)
    assert counted("yoto_redis_errors_total")(found) == "yoto_redis_errors_total +7"
    assert counted("yoto_redis_errors_total", kind="timeout")(found).endswith('"timeout"} +3')
    assert not counted("yoto_redis_errors_total", kind="other")(found)


def test_levels_are_no_counts() -> None:
    assert not counted("yoto_redis_up")(Evidence(counts=COUNTS))


def test_a_line_is_seen_by_what_it_says() -> None:
    found = Evidence(lines=["all is well", '{"event": "redis a:1 is away: gone", "level": "x"}'])
    assert logged(r'redis \S+ is away[^"]*')(found) == "redis a:1 is away: gone"


def test_replies_notes_and_bytes_are_seen() -> None:
    found = Evidence(
        replies={"MOVED": 2.0},
        notes={"moved": "3 slots"},
        touched={("app1", "redis3"): 5, ("app2", "database"): 7},
    )
    assert replied("MOVED")(found) == "MOVED from Redis, 2 times"
    assert noted("moved")(found) == "3 slots"
    assert touched("app", "redis")(found) == "app to redis: 5 pieces met it"


def test_both_want_all_and_either_wants_one() -> None:
    found = Evidence(replies={"OOM": 1.0})
    assert not both(replied("OOM"), replied("ASK"))(found)
    assert either(replied("ASK"), replied("OOM"))(found) == "OOM from Redis, 1 times"


def test_nothing_shows_nothing() -> None:
    ways = (counted("x"), logged("x"), replied("x"), noted("x"), touched("app", "redis"))
    assert not any(way(NOTHING) for way in ways)


def test_a_count_that_falls_a_little_did_not_grow() -> None:
    """Another node answered, which had not heard from all workers yet."""
    assert growth(100.0, 103.0) == 3.0
    assert growth(100.0, 97.0) == growth(100.0, 50.0) == 0.0
    assert growth(100.0, 20.0) == 20.0


def test_what_was_answered_meanwhile_is_seen_by_its_call() -> None:
    found = Evidence(answered={"row read": 3, "quota hit": 2})
    assert answered("row read")(found) == "3 answered meanwhile"
    assert answered()(found) == "5 answered meanwhile"
    assert not answered("lock add")(found) and not answered()(NOTHING)
