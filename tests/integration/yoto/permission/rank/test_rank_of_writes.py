"""Random writes by random people: nobody above loses, nobody is given what the giver lacks."""

from __future__ import annotations

import os
import time
from collections import Counter
from random import Random

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import DATABASE
from tests.integration.yoto.permission.rank.rank_model import State, read_rows, violations
from tests.integration.yoto.permission.rank.rank_writes import Writes, build_town
from yoto.errors import LastAdministrator, PermissionDenied, ValidationFailed
from yoto.store.db import db

# How many writes: a few seconds of them in the suite, 100,000 once before a release.
WRITES = int(os.environ.get("YOTO_TEST_RANK_WRITES", "400" if DATABASE == "sqlite" else "100"))
SEED = int(os.environ.get("YOTO_TEST_RANK_SEED", "0")) or None
A_TOWN = 200  # writes in one town


@pytest.mark.timeout(300 + WRITES)
def test_no_write_takes_from_above_or_gives_what_its_actor_lacks(
    app: Flask, client: FlaskClient
) -> None:
    seed = SEED if SEED is not None else Random().randrange(10**9)
    random = Random(seed)
    now = float(int(time.time()))
    done: Counter[str] = Counter()
    for round_number in range(-(-WRITES // A_TOWN)):
        if round_number % 10 == 9:
            print(f"\nseed {seed}: {round_number * A_TOWN} writes, {dict(done)}", flush=True)
        with app.app_context():
            town = build_town(random, round_number)
            state = State.of(read_rows(town))
        writes = Writes(random, client, town, now)
        for _ in range(min(A_TOWN, WRITES - round_number * A_TOWN)):
            able = [user["id"] for user in state.rows.users if not user["disabled"]]
            actor = random.choice(able)
            with app.app_context():
                try:
                    writes.do(state, actor)
                    outcome = "accepted"
                except PermissionDenied as error:
                    outcome = (
                        error.decision if isinstance(error.decision, str) else error.decision.reason
                    )
                except LastAdministrator:
                    outcome = "last administrator"
                except ValidationFailed:
                    outcome = "invalid"
                db.session.rollback()
                done[outcome] += 1
                if outcome != "accepted":
                    continue
                rows = read_rows(town)
                db.session.rollback()
            if rows == state.rows:
                continue
            done["changed"] += 1
            after = State.of(rows)
            said = f"seed {seed}, town {round_number}: "
            person = next(user for user in state.rows.users if user["id"] == actor)
            if not person["super_admin"]:
                wrong = next(
                    violations(town, state, after, actor, writes.homes, now, writes.of_account),
                    None,
                )
                assert wrong is None, f"{said}actor {actor} by {writes.last}: {wrong}"
            assert after.now.administrators(now) or not state.now.administrators(now), said
            state = after
    print(f"\nseed {seed}: {WRITES} writes, {dict(done)}, 0 violations")
    assert done["changed"] > WRITES // 50
