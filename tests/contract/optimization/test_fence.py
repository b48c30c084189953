"""A resource in Redis that refuses a holder which holds no more."""

from __future__ import annotations

import pytest

from yoto.errors import LockLost, StaleToken, ValidationFailed
from yoto.optimization import DistributedLocks, FencedStore
from yoto.redis import RedisConnection


@pytest.fixture
def store(redis: RedisConnection) -> FencedStore:
    return FencedStore(redis)


def test_a_late_write_of_an_earlier_holder_is_refused(
    store: FencedStore, locks: DistributedLocks, others: DistributedLocks
) -> None:
    slow = locks.create_lock("job", timeout=0.05, renew=False)
    slow.acquire()
    old = slow.token
    assert store.claim("report", old) is None
    with others.create_lock("job", wait=5) as fast:
        # It has not written yet; its claim alone shuts the other out.
        assert store.claim("report", fast.token) is None
        with pytest.raises(StaleToken) as refused:
            store.write("report", "late", old)
        assert (refused.value.key, refused.value.token) == ("report", old)
        assert refused.value.newest == fast.token
        assert isinstance(refused.value, LockLost)
        store.write("report", "in time", fast.token)
    with pytest.raises(StaleToken):
        store.claim("report", old)
    assert store.read("report") == b"in time"


def test_a_holder_may_write_as_often_as_it_likes(store: FencedStore) -> None:
    for text in ("one", "", "two"):
        store.write("report", text, 7)
        assert store.claim("report", 7) == text.encode()


def test_values_do_not_meet(store: FencedStore) -> None:
    store.write("one", b"\x00\xff", 9)
    store.write("other", "text", 8)
    assert (store.read("one"), store.read("other")) == (b"\x00\xff", b"text")
    assert store.read("third") is None


def test_every_value_has_an_end(redis: RedisConnection) -> None:
    store = FencedStore(redis, ttl=60)
    store.claim("report", 7)
    assert 0 < redis.client.pttl(redis.keys.fenced("report")) <= 60_000
    store.write("report", "text", 7)
    assert 0 < redis.client.pttl(redis.keys.fenced("report")) <= 60_000


@pytest.mark.parametrize("token", [0, -1, 2**53, 1.5, "7", True])
def test_what_is_no_token_is_refused(store: FencedStore, token: object) -> None:
    with pytest.raises(ValidationFailed) as failed:
        store.write("report", "text", token)  # type: ignore[arg-type]
    assert list(failed.value.errors) == ["token"]
    assert store.read("report") is None


def test_a_time_to_keep_has_a_range(redis: RedisConnection) -> None:
    for ttl in (0.0, float("nan"), 1e9):
        with pytest.raises(ValidationFailed):
            FencedStore(redis, ttl)
