"""Commands of sorted sets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from proof.simulation.redis_model.commands import (
    Args,
    command,
    number,
    score_of,
    unsupported,
    whole,
)
from proof.simulation.redis_model.keyspace import Keyspace, Scores

NONE = Scores()


def _bound(text: bytes, lower: bool) -> Callable[[float], bool]:
    limit = score_of(text.lstrip(b"("))
    if text.startswith(b"("):
        return (lambda score: score > limit) if lower else (lambda score: score < limit)
    return (lambda score: score >= limit) if lower else (lambda score: score <= limit)


def _between(db: Keyspace, key: bytes, low: bytes, high: bytes) -> list[tuple[float, bytes]]:
    scores = db.get(key, Scores)
    if not scores:
        return []
    above, below = _bound(low, lower=True), _bound(high, lower=False)
    return [pair for pair in scores.ordered() if above(pair[0]) and below(pair[0])]


def _ranked(db: Keyspace, key: bytes, first: int, last: int) -> list[tuple[float, bytes]]:
    pairs = (db.get(key, Scores) or NONE).ordered()
    end = len(pairs) + last + 1 if last < 0 else last + 1
    return pairs[max(0, first if first >= 0 else len(pairs) + first) : end]


def _shown(pairs: Iterable[tuple[float, bytes]], with_scores: bool) -> list[bytes]:
    if not with_scores:
        return [member for _, member in pairs]
    return [part for score, member in pairs for part in (member, number(score))]


@command(grows=True)
def zadd(db: Keyspace, args: Args) -> Any:
    key, *rest = args
    option = b""
    if rest[0].upper() in (b"NX", b"XX"):
        option = rest.pop(0).upper()
    scores = db.make(key, Scores)
    before = len(scores)
    for score, member in zip(rest[::2], rest[1::2], strict=True):
        known = member in scores
        if not (known and option == b"NX" or not known and option == b"XX"):
            scores[member] = score_of(score)
    db.tidy(key)
    return len(scores) - before


@command(writes=True)
def zrem(db: Keyspace, args: Args) -> Any:
    scores = db.get(args[0], Scores) or NONE
    gone = sum(scores.pop(member, None) is not None for member in args[1:])
    db.tidy(args[0])
    return gone


@command()
def zcard(db: Keyspace, args: Args) -> Any:
    return len(db.get(args[0], Scores) or NONE)


@command()
def zscore(db: Keyspace, args: Args) -> Any:
    score = (db.get(args[0], Scores) or NONE).get(args[1])
    return None if score is None else number(score)


@command()
def zrank(db: Keyspace, args: Args) -> Any:
    members = [member for _, member in (db.get(args[0], Scores) or NONE).ordered()]
    return members.index(args[1]) if args[1] in members else None


@command()
def zcount(db: Keyspace, args: Args) -> Any:
    return len(_between(db, *args))


@command()
def zrange(db: Keyspace, args: Args) -> Any:
    first, last = whole(args[1]), whole(args[2])
    options = [option.upper() for option in args[3:]]
    if options not in ([], [b"WITHSCORES"]):
        raise unsupported(args)
    return _shown(_ranked(db, args[0], first, last), bool(options))


@command()
def zrangebyscore(db: Keyspace, args: Args) -> Any:
    pairs = _between(db, *args[:3])
    match [option.upper() for option in args[3:]]:
        case []:
            return _shown(pairs, with_scores=False)
        case [b"LIMIT", offset, count]:
            start = whole(offset)
            return _shown(pairs[start : start + whole(count)], with_scores=False)
    raise unsupported(args)


@command(writes=True)
def zremrangebyscore(db: Keyspace, args: Args) -> Any:
    gone = _between(db, *args)
    for _, member in gone:
        del db.values[args[0]][member]
    db.tidy(args[0])
    return len(gone)


@command(writes=True)
def zremrangebyrank(db: Keyspace, args: Args) -> Any:
    gone = _ranked(db, args[0], whole(args[1]), whole(args[2]))
    for _, member in gone:
        del db.values[args[0]][member]
    db.tidy(args[0])
    return len(gone)


@command(writes=True)
def zpopmin(db: Keyspace, args: Args) -> Any:
    count = whole(args[1]) if len(args) > 1 else 1
    gone = (db.get(args[0], Scores) or NONE).ordered()[:count]
    for _, member in gone:
        del db.values[args[0]][member]
    db.tidy(args[0])
    return _shown(gone, with_scores=True)
