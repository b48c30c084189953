"""Policies change while four processes decide by them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from app.extensions import policy
from tests.contract.rooms.policies.workers import PolicyWorkers
from tests.integration.yoto.rooms.policies.conftest import empty_record
from tests.support.nursery import Nursery
from tests.support.small_policies import MAIN
from tests.support.waiting import wait_until
from tests.support.workers import WorkerProcess
from yoto.errors import PolicyError
from yoto.rooms.policies.tables import PolicyKind, PolicyRevision, PolicyVersion
from yoto.store.db import db

WORKERS = 4
# Seconds. A process hears of a change at once and compiles it in a few milliseconds; the rest is
# for five processes that share two cores with other tests.
BOUND = 10.0


def folder(path: Path, mark: str) -> Path:
    """Two policies that deny everything, each with a code of its own that has ``mark`` in it."""
    path.mkdir(exist_ok=True)
    (path / "main.rego").write_text(MAIN)
    for name in ("first", "second"):
        source = f'package yoto.authz\n\ndeny contains "{name}_{mark}" if input.number > 0\n'
        (path / f"{name}.rego").write_text(source)
    return path


def whole(version: str | None, mark: str) -> str:
    return f"{version}|first_{mark},second_{mark}|False"


@pytest.fixture
def context(app: Flask, tmp_path: Path) -> Iterator[Path]:
    """The writer's application, with the set ``a`` in force; gives a folder."""
    with app.app_context():
        empty_record()
        policy.put_folder(folder(tmp_path / "policies", "a"), "ada")
        yield tmp_path / "policies"
        db.session.remove()


@pytest.fixture
def start(
    context: Path, app_config: dict[str, Any], tmp_path: Path, nursery: Nursery
) -> Iterator[Callable[[int], list[WorkerProcess]]]:
    """Starts workers of the same application that decide without pause."""
    given = {"config": app_config | {"ASYNC_MODE": "threading"}, "instance": str(tmp_path)}
    with PolicyWorkers(nursery) as workers:

        def begin(count: int) -> list[WorkerProcess]:
            started = workers.start(count, given)
            for worker in started:
                worker.do("begin")
            return started

        yield begin


def in_service(version: str | None) -> Callable[[WorkerProcess], bool]:
    return lambda worker: worker.do("state")[0] == version


def test_every_decision_is_by_the_old_or_the_new_set_and_all_workers_follow(
    context: Path, start: Callable[[int], list[WorkerProcess]]
) -> None:
    versions = {"a": policy.status().version}
    changed_at: dict[str, float] = {}
    workers = start(WORKERS)
    for mark in "bcd":
        # A change refused in between changes nothing for anybody.
        with pytest.raises(PolicyError, match="line 3"):
            policy.put("first", "package yoto.authz\n\ndeny contains", "ada")
        receipts = policy.put_folder(folder(context, mark), "ada")
        changed_at[mark] = time.time()
        versions[mark] = receipts[-1].bundle
        for worker in workers:
            wait_until(partial(in_service(versions[mark]), worker), what="a worker to follow")
    sets = {whole(version, mark) for mark, version in versions.items()}
    for worker in workers:
        seen, last = worker.do("end")
        assert set(seen) <= sets, "a decision was made of two sets, or of none"
        assert whole(versions["d"], "d") in seen
        for old, new in zip("abc", "bcd", strict=True):
            assert last.get(whole(versions[old], old), 0.0) - changed_at[new] < BOUND


def test_a_worker_that_cannot_load_keeps_what_it_has_and_says_so(
    context: Path, start: Callable[[int], list[WorkerProcess]]
) -> None:
    """A row that is no Rego, as only somebody with a hand in the database could write it."""
    before = policy.status().version
    (worker,) = start(1)
    db.session.execute(
        update(PolicyVersion)
        .where(PolicyVersion.source.contains("first_a"))
        .values(source="package (")
    )
    db.session.add(
        PolicyRevision(
            revision=4,
            kind=PolicyKind.REGO,
            name="first",
            version=1,
            action="put",
            author="nobody",
            bundle="unknown",
        )
    )
    db.session.commit()
    wait_until(lambda: worker.do("state")[2], what="the worker to say so")
    version, wanted, error = worker.do("state")
    assert (version, wanted) == (before, 4) and "first" in error
    seen, _ = worker.do("end")
    assert set(seen) == {whole(before, "a")}
