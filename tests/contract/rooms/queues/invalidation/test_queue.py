"""The queue in Redis: what it stores, merges, counts, gives out and takes back."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from tests.contract.rooms.queues.invalidation.conftest import QUICK, MakeInvalidation
from tests.support.waiting import wait_until
from yoto.errors import ValidationFailed
from yoto.permission.boundaries import SearchedUntil
from yoto.redis import RedisConnection
from yoto.rooms.queues.invalidation import SmartInvalidation, Strategy, Submission
from yoto.rooms.queues.invalidation.names import Group, group_keys
from yoto.rooms.queues.invalidation.plan import Line, Plan, Whole
from yoto.rooms.queues.invalidation.queue import Claim, InvalidationQueue
from yoto.rooms.queues.invalidation.snapshot import InvalidationSnapshot

SERVER_7 = Group("all", "server:7")
UNCOVERED = Group("all", None)
SINGLES = Plan(Strategy.CONSERVATIVE, singles=(UNCOVERED, SERVER_7), paced=False)


def taken(queue: InvalidationQueue, plan: Plan = SINGLES) -> Claim:
    claim = queue.take(plan)
    assert claim is not None
    return claim


def test_equal_subjects_become_one_item_and_each_reason_is_counted(
    invalidation: SmartInvalidation, queue: InvalidationQueue
) -> None:
    assert invalidation.submit("user:42", "ban").new == 1
    assert invalidation.submit("user:42", "ban").new == 0
    assert invalidation.submit("user:42", "import", level="l1").new == 1
    many = [Submission("user:42", "import"), Submission("user:43", "import")] * 2
    assert invalidation.submit_many(many).new == 1
    seen = queue.look()
    assert (seen.waiting, seen.kinds) == (3, {"user": 3})
    assert seen.reasons == {"ban": 2, "import": 5}
    assert seen.uncovered == {"all": 2, "l1": 1}
    assert (seen.totals["submitted"], seen.totals["merged"]) == (7, 4)


def test_a_subject_that_matters_in_two_servers_waits_for_both(
    invalidation: SmartInvalidation, queue: InvalidationQueue
) -> None:
    """To publish one of the servers would not tell the other."""
    for server in (7, 8):
        invalidation.submit("user:42", "ban", covering=f"server:{server}")
    assert {one.group.covering for one in queue.look().largest} == {"server:7", "server:8"}


def test_a_claim_is_given_again_until_it_is_finished(
    invalidation: SmartInvalidation, queue: InvalidationQueue
) -> None:
    invalidation.submit("user:1", "test")
    first = taken(queue)
    invalidation.submit("user:1", "test")
    assert taken(queue) == first
    seen = queue.look()
    assert (seen.waiting, seen.claimed, seen.length) == (1, 1, 2)
    assert queue.finish(first, "5-0", 1)
    assert queue.finish(first, "5-0", 1)  # the reply to the first one was lost
    second = taken(queue)
    assert second.lines == first.lines and second.id != first.id
    assert queue.finish(second, "6-0", 1)
    assert not queue.finish(first, "5-0", 1)  # a worker that stood still for long
    seen = queue.look()
    assert (seen.length, seen.position, seen.totals["processed"]) == (0, "6-0", 2)


def test_a_whole_group_is_taken_as_its_subject(
    invalidation: SmartInvalidation, queue: InvalidationQueue, redis: RedisConnection
) -> None:
    many = [Submission(f"user:{number}", "ban", "all", "server:7") for number in range(1, 1_201)]
    invalidation.submit_many(many)
    invalidation.submit("role:9", "ban")
    claim = taken(queue, Plan(Strategy.AUTO, whole=(Whole(SERVER_7, "server:7"),)))
    assert (claim.items, claim.lines) == (1_200, (Line("all", "server:7"),))
    seen = queue.look()
    assert (seen.waiting, seen.kinds, seen.reasons) == (1, {"role": 1}, {"ban": 1})
    assert [redis.client.exists(key) for key in group_keys(redis.keys, SERVER_7)] == [0, 0, 0]


def test_single_items_are_taken_oldest_first(
    invalidation: SmartInvalidation, queue: InvalidationQueue
) -> None:
    for number in (3, 1, 2):
        before = invalidation.submit(f"user:{number}", "test").at_ms
        wait_until(lambda: queue.look(0).now_ms > before)
    assert [line.subject for line in taken(queue).lines] == ["user:3", "user:1", "user:2"]


def test_a_pace_is_kept_by_the_clock_of_redis(redis: RedisConnection) -> None:
    slow = InvalidationQueue(redis, replace(QUICK, pace=8))
    slow.submit([Submission(f"user:{number}", "test") for number in range(1, 101)])
    plan = replace(SINGLES, paced=True)
    began = slow.look(0).now_ms
    first = taken(slow, plan)
    assert first.items == 2  # a quarter of a second's worth at once
    slow.finish(first, "1-0", 2)
    items, now_ms = 2, began
    while items < 6:
        claim = slow.take(plan)
        now_ms = slow.look(0).now_ms
        if claim is not None:
            slow.finish(claim, "1-0", claim.items)
            items += claim.items
    assert items - 2 <= (now_ms - began) / 1000 * 8


def test_an_overdue_item_is_taken_whatever_the_pace(redis: RedisConnection) -> None:
    slow = InvalidationQueue(redis, replace(QUICK, pace=1, max_delay=0.1))
    at_ms = slow.submit([Submission(f"user:{n}", "test") for n in range(1, 51)]).at_ms
    wait_until(lambda: slow.look(0).now_ms > at_ms + 100)
    assert taken(slow, replace(SINGLES, paced=True)).items == 50


def test_what_is_due_later_is_kept_until_then_and_told_once(
    invalidation: SmartInvalidation, queue: InvalidationQueue
) -> None:
    now = queue.look().now_ms / 1000
    soon = Submission("user:1", "role_ends", covering="server:7", due=now + 0.3)
    late = Submission("user:2", "role_ends", due=now + 600)
    assert invalidation.submit_many([soon, late, soon]).new == 2
    assert invalidation.submit_many([soon, late]).new == 0
    assert queue.take(SINGLES) is None
    seen = queue.look()
    assert (seen.later, seen.length) == (2, 0)
    assert seen.next_due is not None and seen.next_due.subject == "user:1"
    assert seen.next_due.reason == "role_ends"
    wait_until(lambda: queue.take(SINGLES))
    claim = taken(queue)
    assert queue.look().now_ms >= now * 1000 + 300
    assert claim.lines == (Line("all", "user:1", "server:7"),)
    queue.finish(claim, "1-0", 1)
    # Somebody looked again and found the same moment: it was told.
    assert invalidation.submit_many([soon]).new == 0
    assert queue.take(SINGLES) is None
    assert queue.look().totals["processed_due"] == 1


def test_an_overdue_moment_is_told_at_once(
    invalidation: SmartInvalidation, queue: InvalidationQueue
) -> None:
    invalidation.submit("user:1", "role_ends", due=queue.look().now_ms / 1000 - 3_000)
    assert taken(queue).lines == (Line("all", "user:1"),)


def test_what_was_told_in_the_future_is_told_again_after_the_clock_was_set_back(
    invalidation: SmartInvalidation, queue: InvalidationQueue, redis: RedisConnection
) -> None:
    now_ms = queue.look().now_ms
    due = Submission("user:1", "role_ends", due=now_ms / 1000)
    told = redis.keys.invalidation_queue("told")
    redis.client.zadd(told, {f"{now_ms} all user:1 -": now_ms + 60_000})
    assert invalidation.submit_many([due]).new == 1


def test_a_moment_too_far_ahead_is_refused_whole(
    invalidation: SmartInvalidation, queue: InvalidationQueue
) -> None:
    now = queue.look().now_ms / 1000
    with pytest.raises(ValidationFailed) as caught:
        invalidation.submit_many(
            [
                Submission("user:1", "role_ends", due=now),
                Submission("user:2", "role_ends", due=now + 7 * 86_400),
            ]
        )
    assert caught.value.errors == {"due": ["must be at most 6 days ahead"]}
    assert queue.look().later == 0


def test_every_key_has_an_end(
    make_invalidation: MakeInvalidation, queue: InvalidationQueue, redis: RedisConnection
) -> None:
    invalidation = make_invalidation()
    now = queue.look().now_ms / 1000
    invalidation.submit_many(
        [
            Submission("user:1", "a", due=now - 1),
            Submission("user:2", "a", due=now + 60),
            Submission("user:3", "a"),
            Submission("user:4", "a", covering="server:7"),
        ]
    )
    invalidation.force("auto", 60, "test")
    SearchedUntil(redis).read()
    taken(queue, replace(SINGLES, singles=(UNCOVERED,)))
    keys = list(redis.client.scan_iter(match=f"{redis.keys.prefix}*"))
    assert len(keys) >= 11
    assert all(redis.client.pttl(key) > 0 for key in keys)


def test_items_whose_key_is_gone_do_not_wait_for_ever(
    invalidation: SmartInvalidation, queue: InvalidationQueue, redis: RedisConnection
) -> None:
    invalidation.submit_many([Submission(f"user:{n}", "a", "all", "server:7") for n in (1, 2, 3)])
    invalidation.submit("role:1", "b")
    redis.client.delete(group_keys(redis.keys, SERVER_7)[0])
    assert taken(queue).lines == (Line("all", "role:1"),)
    seen = queue.look()
    assert (seen.waiting, seen.groups, seen.kinds, seen.reasons) == (0, 0, {}, {})


def test_a_forced_strategy_ends(invalidation: SmartInvalidation, queue: InvalidationQueue) -> None:
    invalidation.force(Strategy.AGGRESSIVE, 600, "flood")
    stats = invalidation.stats()
    assert stats.strategy == Strategy.AGGRESSIVE
    assert stats.forced is not None and stats.forced.reason == "flood"
    invalidation.force(Strategy.AGGRESSIVE, 0.001, "flood")
    wait_until(lambda: invalidation.stats().forced is None)
    invalidation.force("auto", 600, "")
    invalidation.force(None, 1, "")
    assert invalidation.stats().strategy == Strategy.CONSERVATIVE


@pytest.mark.parametrize(("strategy", "seconds"), [("brutal", 1), ("auto", 0), ("auto", 1e9)])
def test_a_forced_strategy_without_sense_is_refused(
    invalidation: SmartInvalidation, strategy: str, seconds: float
) -> None:
    with pytest.raises(ValidationFailed):
        invalidation.force(strategy, seconds, "")
    assert invalidation.stats().forced is None


def test_rates_fade(invalidation: SmartInvalidation, queue: InvalidationQueue) -> None:
    invalidation.submit_many([Submission(f"user:{n}", "a") for n in range(1, 601)])
    seen = queue.look()
    assert 5 < seen.inflow <= 10 and seen.outflow == 0
    queue.finish(taken(queue), "1-0", 500)
    assert queue.look().outflow > 5
    assert queue.look().inflow < seen.inflow


class Model:
    """The items that the queue should hold after the same acts."""

    def __init__(self) -> None:
        self.items: dict[tuple[Group, str], Counter[str]] = {}

    def submit(self, one: Submission) -> None:
        key = (Group(one.level, one.covering), one.subject)
        self.items.setdefault(key, Counter())[one.reason] += 1

    def take(self, claim: Claim) -> None:
        for line in claim.lines:
            gone = [
                key
                for key in self.items
                if key[0].level == line.level and line.subject in (key[1], key[0].covering)
            ]
            for key in gone[:1] if line.subject.startswith("user") else gone:
                del self.items[key]

    def check(self, seen: InvalidationSnapshot) -> None:
        assert seen.waiting == len(self.items)
        assert seen.kinds == Counter(subject.split(":")[0] for _, subject in self.items)
        reasons: Counter[str] = Counter()
        for why in self.items.values():
            reasons += why
        assert seen.reasons == reasons
        sizes = Counter(group for group, _ in self.items)
        assert {one.group: one.items for one in seen.largest} == sizes
        assert set(seen.oldest) == set(sizes)


@pytest.mark.parametrize("seed", range(3))
def test_the_counters_are_exact_whatever_happens(redis: RedisConnection, seed: int) -> None:
    dice = random.Random(seed)
    queue, model = InvalidationQueue(redis, QUICK), Model()
    groups = [Group("all", None), Group("l1", "server:1"), SERVER_7]
    submitted = processed = 0
    for _ in range(60):
        if dice.random() < 0.6:
            # Each group has users of its own, so that the model knows which one a line is of.
            some = [
                Submission(f"user:{100 * at + dice.randint(1, 9)}", dice.choice("abc"), *groups[at])
                for at in (dice.randrange(3) for _ in range(dice.randint(1, 12)))
            ]
            queue.submit(some)
            submitted += len(some)
            for one in some:
                model.submit(one)
        else:
            chosen = dice.sample(groups, dice.randint(1, 3))
            whole = tuple(
                Whole(one, one.covering) for one in chosen if one.covering and dice.random() < 0.4
            )
            singles = tuple(one for one in chosen if one not in {each.group for each in whole})
            claim = queue.take(Plan(Strategy.AUTO, whole, singles, paced=False))
            if claim is not None:
                model.take(claim)
                processed += claim.items
                assert queue.finish(claim, "1-0", len(claim.lines))
        model.check(queue.look())
    totals = queue.look().totals
    assert (totals["submitted"], totals["processed"]) == (submitted, processed)
    assert totals["submitted"] - totals["merged"] == processed + len(model.items)
