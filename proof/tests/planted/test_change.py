"""Planted bugs are in the code for as long as they should be, and say so when they cannot be."""

from __future__ import annotations

import pytest

from proof.planted import switch
from proof.planted.bugs import PLANTED
from proof.planted.change import TextChange, made
from yoto.redis import Script
from yoto.resilience.leases import Slot
from yoto.rooms.queues.batch import call, worker_pool


def current(change: TextChange) -> object:
    assert not isinstance(change.where, Script)
    owner, name = change.where
    return vars(owner)[name]


@pytest.mark.parametrize("name", PLANTED)
def test_a_bug_is_there_while_it_is_planted_and_not_afterwards(name: str) -> None:
    changes = PLANTED[name].changes
    before = [current(one) for one in changes]
    with made(changes):
        assert all(current(one) is not was for one, was in zip(changes, before, strict=True))
    assert [current(one) for one in changes] == before


@pytest.mark.parametrize("name", PLANTED)
def test_each_bug_has_a_checker_that_must_catch_it(name: str) -> None:
    assert PLANTED[name].protocol or PLANTED[name].trial


def test_modules_that_import_a_function_get_the_changed_one() -> None:
    with made(PLANTED["failed-item-settled-as-done"].changes):
        assert worker_pool.run is call.run
    assert worker_pool.run is call.run


def test_a_text_that_is_not_there_any_more_is_an_error() -> None:
    change = TextChange((Slot, "lost"), "what it was once", "")
    with pytest.raises(ValueError, match="0 times"), made([change]):
        pass


def test_the_switch_plants_and_is_passed_on_to_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(f"YOTO_{switch.PASSED_ON}", raising=False)
    assert switch.settings("its.own:register") == {"EXTENSIONS": "its.own:register"}
    monkeypatch.setattr(switch, "make", lambda change: None)
    monkeypatch.setenv(switch.SWITCH, "no-verdict-allows")
    assert switch.plant_what_is_asked() == "no-verdict-allows"
    assert switch.settings("its.own:register") == {
        "EXTENSIONS": f"its.own:register,{switch.EXTENSION}",
        switch.PASSED_ON: "no-verdict-allows",
    }
    monkeypatch.setenv(switch.SWITCH, "no-such-bug")
    with pytest.raises(SystemExit, match="no bug is called no-such-bug"):
        switch.plant_what_is_asked()
    monkeypatch.delenv(f"YOTO_{switch.PASSED_ON}")
