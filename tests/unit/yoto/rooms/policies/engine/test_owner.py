from __future__ import annotations

import gc
import threading
import weakref
from _thread import get_native_id
from time import monotonic, sleep

import pytest

from yoto.rooms.policies.engine.embedded.owner import Kept, Owner


def test_jobs_of_all_threads_run_in_one_and_share_what_it_keeps() -> None:
    owner = Owner()
    where: list[int] = []

    def job(kept: Kept) -> int:
        kept["count"] = kept.get("count", 0) + 1
        return get_native_id()

    threads = [threading.Thread(target=lambda: where.append(owner.run(job))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(where)) == 1
    assert owner.run(lambda kept: kept["count"]) == 5
    owner.close()


def test_what_a_job_raises_reaches_its_caller_and_the_next_job_runs() -> None:
    owner = Owner()

    def fail(_: Kept) -> None:
        raise LookupError("not here")

    with pytest.raises(LookupError, match="not here") as raised:
        owner.run(fail)
    assert owner.run(lambda _: 1) == 1
    owner.close()
    # Where it came from is kept as text: frames would keep objects of the owner's thread alive.
    notes = getattr(raised.value, "__notes__", [])
    assert not notes or "in fail" in notes[0]


def test_a_job_may_give_a_job() -> None:
    owner = Owner()

    assert owner.run(lambda _: owner.run(lambda _: 2)) == 2
    owner.close()


def test_after_the_end_it_starts_anew_with_nothing_kept() -> None:
    owner = Owner()
    owner.run(lambda kept: kept.update(a=1))
    owner.close()

    assert owner.run(dict) == {}
    owner.close()


class Unsendable:
    """Notes the thread in which it is dropped."""

    def __init__(self, dropped_in: list[int]) -> None:
        self._dropped_in = dropped_in

    def __del__(self) -> None:
        self._dropped_in.append(get_native_id())


def test_what_a_failed_job_made_is_dropped_in_the_owners_thread_however_errors_are_chained() -> (
    None
):
    owner, dropped_in = Owner(), list[int]()

    def failed() -> LookupError:
        engine = Unsendable(dropped_in)
        try:
            raise LookupError(f"one of {type(engine).__name__}")
        except LookupError as error:
            return error

    def chained(_: Kept) -> None:
        try:
            raise failed()
        except LookupError:
            raise ExceptionGroup("three", [failed()]) from failed()

    with pytest.raises(ExceptionGroup):
        owner.run(chained)
    here = owner.run(lambda _: get_native_id())
    owner.close()
    assert dropped_in == [here] * 3


class NotHere(Exception):
    """An error that one can refer to weakly."""


def test_an_error_is_in_no_circle_that_only_a_collector_drops() -> None:
    owner = Owner()

    def fail(_: Kept) -> None:
        raise NotHere

    def caught() -> weakref.ref[NotHere]:
        try:
            owner.run(fail)
        except NotHere as error:
            return weakref.ref(error)
        raise AssertionError("it did not fail")

    gc.disable()
    try:
        assert caught()() is None
    finally:
        gc.enable()
        owner.close()


def test_what_a_job_holds_is_let_go_before_the_next_one() -> None:
    owner, dropped_in = Owner(), list[int]()
    held = Unsendable(dropped_in)

    def job(_: Kept, held: Unsendable = held) -> None:
        assert held is not None

    owner.run(job)
    del held, job
    deadline = monotonic() + 5
    while not dropped_in and monotonic() < deadline:
        sleep(0.01)
    owner.close()
    assert dropped_in
