"""The registry in memory: names, masks, and looking again when something is unknown."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from yoto.errors import StoreUnavailable, UnknownPermission, ValidationFailed
from yoto.permission.registry.expressions import compile_expression
from yoto.permission.registry.registry import (
    MOST_BOUND,
    NAME_MAX_LENGTH,
    PermissionRegistry,
    RegisteredPermission,
    checked_name,
)
from yoto.permission.registry.requirement import Operator, Requirement


class Store:
    """Permissions as a database would have them, counting its readings."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.readings = 0

    def read(self) -> list[RegisteredPermission]:
        self.readings += 1
        return [
            RegisteredPermission(index + 50, name, index * 3, scope_of(name), name == "demo.abac")
            for index, name in enumerate(self.names)
        ]


def scope_of(name: str) -> str:
    return {"platform": "global", "server": "server"}.get(name.split(".")[0], "channel")


def registry_of(*names: str) -> tuple[PermissionRegistry, Store]:
    store = Store(*names)
    return PermissionRegistry(store.read), store


def test_nothing_is_read_before_the_first_question_and_once_for_all_known_names() -> None:
    registry, store = registry_of("message.send", "channel.read")
    assert store.readings == 0
    for _ in range(3):
        assert registry.get("message.send").mask == 1
        assert registry.get_many(["channel.read", "message.send"])[0].mask == 8
        assert registry.mask_of_id(51) == 8
    assert store.readings == 1


def test_an_unknown_name_is_looked_up_again_once_and_then_refused() -> None:
    registry, store = registry_of("message.send")
    registry.get("message.send")
    with pytest.raises(UnknownPermission) as refused:
        registry.get("message.pin")
    assert refused.value.names == ["message.pin"]
    assert list(refused.value.errors) == ["permission"]
    assert store.readings == 2


def test_a_name_registered_by_another_process_is_found_at_once() -> None:
    registry, store = registry_of("message.send")
    registry.get("message.send")
    store.names.append("message.pin")
    assert registry.get("message.pin").mask == 1 << 3
    store.names.append("message.edit")
    assert registry.mask_of_id(52) == 1 << 6


def test_all_unknown_names_are_reported_at_once() -> None:
    registry, _ = registry_of("message.send")
    with pytest.raises(UnknownPermission) as refused:
        registry.get_many(["a.a", "message.send", "b.b"], "names")
    assert refused.value.names == ["a.a", "b.b"]
    assert list(refused.value.errors) == ["names"]


def test_an_id_that_names_nothing_has_an_empty_mask() -> None:
    registry, _ = registry_of("message.send")
    assert registry.mask_of_id(999) == 0


def test_a_failed_reading_is_an_error_and_leaves_the_last_snapshot() -> None:
    registry, store = registry_of("message.send")
    before = registry.snapshot

    def fail() -> list[RegisteredPermission]:
        raise StoreUnavailable("database")

    registry._read = fail
    with pytest.raises(StoreUnavailable):
        registry.get("message.pin")
    assert registry.snapshot is before
    assert registry.get("message.send").mask == 1


@pytest.mark.parametrize(
    "name",
    [
        "message send",
        "message.send ",
        " message.send",
        "message.send\n",
        "message/send",
        "message.*",
        "message,send",
        "AND",
        "OR",
        "NOT",
        ".",
        "..",
        "méssage.send",
        "",
        "a." + "b" * NAME_MAX_LENGTH,
        None,
        7,
        True,
        ["message.send"],
    ],
)
def test_a_malformed_name_is_refused_without_a_reading(name: Any) -> None:
    registry, store = registry_of("message.send")
    registry.get("message.send")
    for ask in (checked_name, registry.get):
        with pytest.raises(ValidationFailed) as refused:
            ask(name)
        assert list(refused.value.errors) == ["permission"]
        assert not isinstance(refused.value, UnknownPermission)
    assert store.readings == 1


def test_one_string_is_no_list_of_names() -> None:
    registry, _ = registry_of("message.send")
    with pytest.raises(ValidationFailed) as refused:
        registry.get_many("message.send")
    assert list(refused.value.errors) == ["permissions"]


def test_the_masks_of_the_rules_come_from_names_and_scopes() -> None:
    registry, _ = registry_of(
        "platform.view", "server.administrator", "channel.read", "demo.abac", "message.read_history"
    )
    bits = registry.snapshot.bits
    masks = {name: found.mask for name, found in registry.snapshot.by_name.items()}
    assert bits.every == sum(masks.values())
    assert bits.local == bits.every - masks["platform.view"]
    assert registry.snapshot.mask_named("channel.read") == masks["channel.read"]
    assert bits.width == bits.every.bit_length()
    judged = [found.name for found in registry.snapshot.by_name.values() if found.judged]
    assert judged == ["demo.abac"]
    named = registry.snapshot.in_mask(masks["channel.read"] | masks["platform.view"] | 1 << 900)
    assert [permission.name for permission in named] == ["platform.view", "channel.read"]


def test_where_nothing_is_registered_all_masks_are_empty() -> None:
    registry, _ = registry_of()
    bits = registry.snapshot.bits
    assert (bits.every, bits.local, bits.width) == (0, 0, 0)
    assert registry.snapshot.mask_named("channel.read") == 0


def test_an_expression_is_bound_once_and_refused_while_a_name_is_unknown() -> None:
    registry, store = registry_of("a.a")
    requirement = Requirement(compile_expression("a.a AND NOT b.b"))
    with pytest.raises(UnknownPermission):
        registry.bind(requirement)
    store.names.append("b.b")
    found = registry.bind(requirement)
    assert (found.bound.held, found.bound.lacked) == (1, 8)
    again = Requirement(compile_expression("a.a AND NOT b.b"))
    assert registry.bind(again) is registry.bind(requirement)


def test_expressions_that_data_makes_do_not_fill_memory() -> None:
    registry, _ = registry_of("a.a", "b.b")
    for number in range(MOST_BOUND + 10):
        text = "a.a OR b.b" + " " * number
        registry.bind(Requirement(compile_expression(text)))
    assert len(registry._bound) <= MOST_BOUND


def test_what_is_asked_is_one_permission_or_a_condition_over_several() -> None:
    registry, _ = registry_of("a.a", "b.b")
    alone = compile_expression("a.a")
    assert registry.asked(Requirement(alone, Operator.AND)) is registry.get("a.a")
    for requirement in (
        Requirement(alone),
        Requirement(compile_expression("NOT (a.a)"), Operator.NOT),
        Requirement(compile_expression("a.a OR b.b"), Operator.OR),
    ):
        assert registry.asked(requirement) == registry.bind(requirement)


def test_policies_may_judge_a_permission_everywhere_or_in_some_places() -> None:
    stored = [RegisteredPermission(1, "a.a", 0, "server", False)]
    registry = PermissionRegistry(lambda: stored, judged=["a.a"])
    assert registry.get("a.a").judged and not stored[0].judged
    assert registry.bind(Requirement(compile_expression("NOT a.a"))).judged


def test_readings_of_threads_that_ask_at_once_are_shared_but_never_older_than_the_question() -> (
    None
):
    store = Store("a.a")
    entered, release = threading.Event(), threading.Event()
    plain_read = store.read

    def slow_read() -> list[RegisteredPermission]:
        found = plain_read()
        entered.set()
        assert release.wait(10)
        return found

    registry = PermissionRegistry(plain_read)
    assert registry.get("a.a")
    registry._read = slow_read
    early = threading.Thread(target=registry.refresh)
    early.start()
    assert entered.wait(10)
    # The running reading began before this name was stored, so it must not answer for it.
    store.names.append("b.b")
    found: list[RegisteredPermission] = []
    late = [threading.Thread(target=lambda: found.append(registry.get("b.b"))) for _ in range(5)]
    for thread in late:
        thread.start()
    release.set()
    for thread in [early, *late]:
        thread.join(10)
    assert [permission.name for permission in found] == ["b.b"] * 5
    assert store.readings <= 2 + len(late)


def test_a_reading_that_failed_is_shared_by_nobody() -> None:
    store = Store("a.a")
    entered, release = threading.Event(), threading.Event()

    def read() -> list[RegisteredPermission]:
        found = store.read()
        if store.readings == 1:
            entered.set()
            assert release.wait(10)
        if store.readings == 2:
            raise StoreUnavailable("database")
        return found

    registry = PermissionRegistry(read)
    outcomes: list[Any] = []

    def refresh() -> None:
        try:
            outcomes.append(sorted(registry.refresh().by_name))
        except StoreUnavailable:
            outcomes.append("unavailable")

    early = threading.Thread(target=registry.refresh)
    early.start()
    assert entered.wait(10)
    store.names.append("b.b")
    late = [threading.Thread(target=refresh) for _ in range(2)]
    for thread in late:
        thread.start()
    time.sleep(0.1)  # until both wait
    release.set()
    for thread in [early, *late]:
        thread.join(10)
    assert sorted(outcomes, key=str) == [["a.a", "b.b"], "unavailable"]


def test_to_expire_waits_for_no_reading_and_what_it_reads_is_not_kept() -> None:
    """The thread that expires it follows the log, and has no time."""
    store = Store("a.a")
    registry = PermissionRegistry(store.read)
    plain_read = store.read

    def read_while_it_expires() -> list[RegisteredPermission]:
        found = plain_read()
        registry.expire()
        return found

    registry._read = read_while_it_expires
    assert registry.refresh().by_name.keys() == {"a.a"}
    registry._read = plain_read
    store.names.append("b.b")
    assert registry.snapshot.by_name.keys() == {"a.a", "b.b"}
