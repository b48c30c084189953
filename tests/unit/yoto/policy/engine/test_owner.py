from __future__ import annotations

import threading
from _thread import get_native_id

import pytest

from yoto.policy.engine.embedded.owner import Kept, Owner


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
