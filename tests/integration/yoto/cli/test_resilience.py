"""``flask resilience``, as an operator at a terminal uses it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from tests.support.redis_servers import Server
from tests.support.resilience import controller_of, guarded_app
from tests.support.waiting import free_port, wait_until
from tests.unit.yoto.resilience.config_store.journals import ListJournal
from yoto.cli.resilience import resilience
from yoto.resilience import (
    BulkheadConfig,
    CircuitBreakerConfig,
    Kind,
    Outcome,
    ResilienceController,
)

Run = Callable[..., Result]
WHY = ("--reason", "busy evening", "--actor", "cli:ada")


@pytest.fixture
def journal() -> ListJournal:
    return ListJournal()


@pytest.fixture
def app(valkey_server: Server, journal: ListJournal) -> Iterator[Flask]:
    with valkey_server.client() as client:
        client.flushall()
    with guarded_app({"REDIS_URL": valkey_server.url}, journal=journal) as app:
        app.cli.add_command(resilience)
        yield app


@pytest.fixture
def run(app: Flask) -> Run:
    return lambda *arguments: app.test_cli_runner().invoke(args=["resilience", *arguments])


@pytest.fixture
def breaker(app: Flask) -> str:
    """The name of a breaker that the code defines."""
    controller_of(app).define("billing-db", circuit_breaker=CircuitBreakerConfig())
    return "billing-db"


@pytest.fixture
def server_side(valkey_server: Server, journal: ListJournal) -> Iterator[ResilienceController]:
    """The controller of a worker that runs meanwhile."""
    with guarded_app({"REDIS_URL": valkey_server.url}, journal=journal) as worker:
        yield controller_of(worker)


def shown(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_setting_is_in_force_in_the_workers(run: Run, server_side: ResilienceController) -> None:
    server_side.start()
    result = run("set", "rate_limit", "message.send", "limit=5", "window=10", *WHY)
    assert result.exit_code == 0, result.output
    assert "rate_limit message.send is at version 1" in result.output
    wait_until(lambda: server_side.get_rate_limit_config("message.send").limit == 5)
    change = server_side.config.history(Kind.RATE_LIMIT, "message.send")[0]
    assert (change.author, change.reason) == ("cli:ada", "busy evening")


def test_a_breaker_on_its_way_back_shows_its_good_probes(
    run: Run, breaker: str, server_side: ResilienceController
) -> None:
    values = ("success_threshold=2", "consecutive_failures=1", "recovery_timeout=0.01")
    assert run("set", "circuit_breaker", breaker, *values, *WHY).exit_code == 0
    server_side.start()
    guarded = server_side.circuit_breaker(breaker)
    guarded.allow().exit(Outcome.FAILURE)
    wait_until(lambda: not guarded.state().until)
    guarded.allow().exit(Outcome.SUCCESS)
    assert "1 of 2 probes succeeded" in run("show", "circuit_breaker", breaker).output


def test_values_are_json_or_text(run: Run) -> None:
    arguments = ("algorithm=sliding_log", 'dimensions={"user": {"limit": 3}, "global": {}}')
    values = shown(run("set", "rate_limit", "thing", *arguments, *WHY, "--json"))["values"]
    assert values["algorithm"] == "sliding_log"
    assert values["dimensions"] == {"user": {"limit": 3}, "global": {}}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("set", "bulkhead", "thing", "max_concurrent=-1"), "max_concurrent: must be from 0 to"),
        (("set", "bulkhead", "thing", "max_concurrent=many"), "max_concurrent: must be a whole"),
        (("set", "bulkhead", "thing", "colour=red"), "colour: unknown field; known are"),
        (("set", "rate_limit", "thing", "algorithm=magic"), "algorithm: must be one of"),
        (("set", "bulkhead", "thing", "nonsense"), "write FIELD=VALUE"),
        (("set", "hologram", "thing", "a=1"), "is not one of"),
        (("set", "bulkhead", "a b", "wait=1"), "name: must be"),
        (("set", "bulkhead", "thing", "wait=1", "--for", "soon"), "is no duration"),
        (("set", "bulkhead", "thing", "wait=1", "--version", "7"), "at version 0 by now"),
        (("rollback", "bulkhead", "thing", "3"), "to_version: must be from 0 to 0"),
        (("set", "alert_rule", "redis", "threshold=2"), "changes by the rules of alerts"),
        (("rollback", "alert_rule", "redis", "0"), "changes by the rules of alerts"),
        (("delete", "alert_rule", "redis"), "changes by the rules of alerts"),
    ],
)
def test_a_mistake_is_said_with_field_and_range_and_changes_nothing(
    run: Run, journal: ListJournal, arguments: tuple[str, ...], message: str
) -> None:
    result = run(*arguments, *WHY)
    assert result.exit_code != 0 and message in result.output
    assert "Traceback" not in result.output and journal.appended == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("set", "bulkhead", "thing", "wait=1"),
        ("delete", "bulkhead", "thing"),
        ("rollback", "bulkhead", "thing", "0"),
        ("isolate", "thing"),
        ("close", "thing"),
        ("reset", "thing"),
        ("switch", "signups", "on"),
    ],
)
def test_nothing_is_done_without_a_reason(
    run: Run, journal: ListJournal, arguments: tuple[str, ...]
) -> None:
    result = run(*arguments)
    assert result.exit_code == 2 and "--reason" in result.output
    assert journal.appended == []


def test_two_operators_on_one_version(run: Run) -> None:
    assert run("set", "bulkhead", "thing", "wait=1", "--version", "0", *WHY).exit_code == 0
    lost = run("set", "bulkhead", "thing", "wait=2", "--version", "0", *WHY)
    assert lost.exit_code == 1
    assert "somebody else" in lost.output and '{"wait": 1.0}' in lost.output


def test_an_entry_is_listed_shown_rolled_back_and_deleted(run: Run) -> None:
    run("set", "bulkhead", "thing", "max_concurrent=3", *WHY)
    run("set", "bulkhead", "thing", "max_concurrent=4", "--for", "2h", *WHY)
    listed = run("list").output
    assert "bulkhead" in listed and "v2" in listed and "expiring" in listed
    assert [entry["name"] for entry in shown(run("list", "bulkhead", "--json"))] == ["thing"]
    assert shown(run("list", "rate_limit", "--json")) == []
    text = run("show", "bulkhead", "thing").output
    assert "max_concurrent = 4" in text and "v1 set by cli:ada (operator)" in text
    whole = shown(run("show", "bulkhead", "thing", "--json"))
    assert [change["version"] for change in whole["history"]] == [2, 1]
    back = shown(run("rollback", "bulkhead", "thing", "1", *WHY, "--json"))
    assert (back["version"], back["values"]["max_concurrent"]) == (3, 3)
    assert shown(run("delete", "bulkhead", "thing", *WHY, "--json"))["layers"] == {}
    assert "code defaults" in run("show", "bulkhead", "thing").output


def test_with_nothing_defined_or_stored_the_list_says_so(run: Run) -> None:
    assert "defines nothing here, and nothing is stored" in run("list").output
    assert shown(run("list", "--json")) == []


def test_what_the_code_defines_is_listed_with_what_is_in_force_and_who_set_it(
    app: Flask, run: Run
) -> None:
    controller_of(app).define("thing", bulkhead=BulkheadConfig(max_concurrent=7, wait=0.5))
    assert "v0     code defaults\n  max_concurrent=7, lease=10.0, wait=0.5" in run("list").output
    run("set", "bulkhead", "thing", "wait=2", *WHY)
    assert "max_concurrent=7, lease=10.0, wait=2.0 (operator)" in run("list").output
    (listed,) = shown(run("list", "bulkhead", "--json"))
    assert (listed["values"]["max_concurrent"], listed["values"]["wait"]) == (7, 2.0)
    assert (listed["origins"]["max_concurrent"], listed["origins"]["wait"]) == ("code", "operator")


@pytest.mark.usefixtures("breaker")
def test_a_breaker_is_isolated_closed_and_reset(
    run: Run, server_side: ResilienceController
) -> None:
    isolated = run("isolate", "billing-db", "--for", "15m", *WHY)
    assert "billing-db is isolated for 900 s" in isolated.output
    assert server_side.get_circuit_breaker_state("billing-db").state == "isolated"
    assert (
        "state: isolated for 900 s (busy evening)"
        in run("show", "circuit_breaker", "billing-db").output
    )
    assert shown(run("close", "billing-db", *WHY, "--json"))["state"] == "disabled"
    assert "circuit breaker billing-db is" in run("reset", "billing-db", *WHY).output
    # A process that is just then bringing it into the state of before hears of the end after that.
    wait_until(lambda: server_side.get_circuit_breaker_state("billing-db").state == "closed")


@pytest.mark.usefixtures("breaker")
def test_a_breaker_is_forced_until_it_is_reset(run: Run, server_side: ResilienceController) -> None:
    for_good = run("isolate", "billing-db", "--for", "ever", *WHY).output
    assert "billing-db is isolated for 31536000 s" in for_good  # none is forced for longer


@pytest.mark.usefixtures("breaker")
@pytest.mark.parametrize("act", ["isolate", "close", "reset"])
def test_a_breaker_that_nobody_has_is_not_forced(run: Run, journal: ListJournal, act: str) -> None:
    result = run(act, "biling-db", *WHY)
    assert result.exit_code == 1
    assert "there is no circuit breaker 'biling-db' (there are billing-db)" in result.output
    assert journal.appended == []
    assert run(act, "plan.7", "--unlisted", *WHY).exit_code == 0


def test_a_switch_is_turned_on_the_whole_fleet(run: Run, server_side: ResilienceController) -> None:
    server_side.start()
    assert run("switch", "signups", "on", *WHY).exit_code == 0
    wait_until(lambda: server_side.is_global_switch_enabled("signups"))
    assert shown(run("switch", "signups", "off", *WHY, "--json"))["values"] == {"enabled": False}
    assert run("switch", "signups", "maybe", *WHY).exit_code == 2


def test_without_redis_a_change_is_recorded_and_said_to_wait(journal: ListJournal) -> None:
    url = f"redis://127.0.0.1:{free_port()}"
    with guarded_app({"REDIS_URL": url}, journal=journal) as app:
        app.cli.add_command(resilience)
        arguments = ["resilience", "set", "bulkhead", "thing", "wait=1", *WHY]
        result = app.test_cli_runner().invoke(args=arguments)
    assert result.exit_code == 0 and "Redis is unavailable" in result.stderr
    assert [change.version for change in journal.appended] == [1]


def test_without_redis_and_without_a_record_it_is_an_error() -> None:
    with guarded_app({"REDIS_URL": f"redis://127.0.0.1:{free_port()}"}) as app:
        app.cli.add_command(resilience)
        arguments = ["resilience", "set", "bulkhead", "thing", "wait=1", *WHY]
        result = app.test_cli_runner().invoke(args=arguments)
    assert result.exit_code == 1 and "redis is unavailable" in result.output


def test_the_login_name_is_the_actor_when_none_is_given(
    run: Run, journal: ListJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "grace")
    run("switch", "signups", "on", "--reason", "open day")
    assert journal.appended[0].author == "cli:grace"


@pytest.mark.parametrize("who", ["user:ada", "User:42", "user:42 "])
def test_an_actor_that_looks_like_an_account_and_is_none_is_refused(
    run: Run, journal: ListJournal, who: str
) -> None:
    """It would count as the system, which stands above everybody."""
    refused = run("switch", "signups", "on", "--reason", "open day", "--actor", who)
    assert refused.exit_code == 2 and "'user:' and its number" in refused.output
    assert journal.appended == []
