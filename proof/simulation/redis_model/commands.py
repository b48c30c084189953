"""The commands that our scripts and callers use, as functions of a keyspace and bytes.

A command that is here behaves as Redis's, in the forms that we use; any other form is refused, so
that a script which begins to use one fails loudly. ``test_model.py`` holds both against a server.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from proof.simulation.redis_model.keyspace import CommandError, Keyspace, Scores, Status

OK = Status(b"OK")
Args = Sequence[bytes]
Run = Callable[[Keyspace, Args], Any]


class Command(NamedTuple):
    """One command; ``grows``: it is refused when memory is full."""

    run: Run
    writes: bool
    grows: bool


COMMANDS: dict[bytes, Command] = {}


def command(writes: bool = False, grows: bool = False) -> Callable[[Run], Run]:
    """The function below is the command of its name, in capitals."""

    def add(run: Run) -> Run:
        name = run.__name__.rstrip("_").upper().encode()
        COMMANDS[name] = Command(run, writes or grows, grows)
        return run

    return add


def unsupported(args: Args) -> NotImplementedError:
    """The model does not know this form of a command; no guard takes that for a server's answer."""
    return NotImplementedError(f"the model does not know {b' '.join(args)!r}")


def whole(text: bytes) -> int:
    """An argument that must be an integer."""
    try:
        return int(text)
    except ValueError:
        raise CommandError("ERR value is not an integer or out of range") from None


def score_of(text: bytes) -> float:
    """An argument that must be a number."""
    try:
        return float(text)
    except ValueError:
        raise CommandError("ERR value is not a valid float") from None


def number(value: float) -> bytes:
    """A score as Redis prints it."""
    if value == int(value) and abs(value) < 1e17:
        return b"%d" % int(value)
    return repr(value).encode()


@command()
def time(db: Keyspace, args: Args) -> Any:
    return [b"%d" % (db.now // 1_000_000), b"%d" % (db.now % 1_000_000)]


@command()
def ping(db: Keyspace, args: Args) -> Any:
    return Status(b"PONG")


@command()
def exists(db: Keyspace, args: Args) -> Any:
    return sum(db.find(key) is not None for key in args)


@command()
def type_(db: Keyspace, args: Args) -> Any:
    names = {bytes: b"string", dict: b"hash", Scores: b"zset", set: b"set", list: b"list"}
    value = db.find(args[0])
    return Status(b"none" if value is None else names.get(type(value), b"stream"))


@command(writes=True)
def del_(db: Keyspace, args: Args) -> Any:
    return sum(db.find(key) is not None and db.drop(key) for key in args)


@command(writes=True)
def unlink(db: Keyspace, args: Args) -> Any:
    return del_(db, args)


@command()
def pttl(db: Keyspace, args: Args) -> Any:
    if db.find(args[0]) is None:
        return -2
    end = db.ends.get(args[0])
    return -1 if end is None else end - db.ms


@command()
def pexpiretime(db: Keyspace, args: Args) -> Any:
    if db.find(args[0]) is None:
        return -2
    return db.ends.get(args[0], -1)


@command(writes=True)
def pexpire(db: Keyspace, args: Args) -> Any:
    return pexpireat(db, [args[0], b"%d" % (db.ms + whole(args[1])), *args[2:]])


@command(writes=True)
def pexpireat(db: Keyspace, args: Args) -> Any:
    key, end = args[0], whole(args[1])
    if db.find(key) is None:
        return 0
    match [option.upper() for option in args[2:]]:
        case []:
            pass
        case [b"GT"]:
            # No end is the latest of all.
            if end <= db.ends.get(key, 1 << 63):
                return 0
        case _:
            raise unsupported(args)
    if end <= db.ms:
        db.drop(key)
    else:
        db.ends[key] = end
    return 1


@command()
def get(db: Keyspace, args: Args) -> Any:
    return db.get(args[0], bytes)


@command(grows=True)
def set_(db: Keyspace, args: Args) -> Any:
    key, value, *options = args
    end = None
    only_new = False
    while options:
        option = options.pop(0).upper()
        if option == b"NX":
            only_new = True
        elif option == b"PX":
            end = db.ms + whole(options.pop(0))
        elif option == b"PXAT":
            end = whole(options.pop(0))
        else:
            raise unsupported(args)
    if only_new and db.find(key) is not None:
        return None
    db.put(key, value, end)
    if end is not None and end <= db.ms:
        db.drop(key)
    return OK


@command(grows=True)
def incrby(db: Keyspace, args: Args) -> Any:
    value = whole(db.get(args[0], bytes) or b"0") + whole(args[1])
    db.values[args[0]] = b"%d" % value
    return value


@command(grows=True)
def incr(db: Keyspace, args: Args) -> Any:
    return incrby(db, [args[0], b"1"])


@command()
def hget(db: Keyspace, args: Args) -> Any:
    return (db.get(args[0], dict) or {}).get(args[1])


@command()
def hmget(db: Keyspace, args: Args) -> Any:
    return list(map((db.get(args[0], dict) or {}).get, args[1:]))


@command()
def hgetall(db: Keyspace, args: Args) -> Any:
    return [part for pair in (db.get(args[0], dict) or {}).items() for part in pair]


@command()
def hlen(db: Keyspace, args: Args) -> Any:
    return len(db.get(args[0], dict) or {})


@command()
def hexists(db: Keyspace, args: Args) -> Any:
    return int(args[1] in (db.get(args[0], dict) or {}))


@command(grows=True)
def hset(db: Keyspace, args: Args) -> Any:
    fields = db.make(args[0], dict)
    before = len(fields)
    fields.update(zip(args[1::2], args[2::2], strict=True))
    return len(fields) - before


@command(grows=True)
def hincrby(db: Keyspace, args: Args) -> Any:
    fields = db.make(args[0], dict)
    value = whole(fields.get(args[1], b"0")) + whole(args[2])
    fields[args[1]] = b"%d" % value
    return value


@command(writes=True)
def hdel(db: Keyspace, args: Args) -> Any:
    fields = db.get(args[0], dict) or {}
    gone = sum(fields.pop(field, None) is not None for field in args[1:])
    db.tidy(args[0])
    return gone


@command(grows=True)
def sadd(db: Keyspace, args: Args) -> Any:
    members = db.make(args[0], set)
    before = len(members)
    members.update(args[1:])
    return len(members) - before


@command(writes=True)
def srem(db: Keyspace, args: Args) -> Any:
    members = db.get(args[0], set) or set()
    gone = len(members.intersection(args[1:]))
    members.difference_update(args[1:])
    db.tidy(args[0])
    return gone


@command()
def scard(db: Keyspace, args: Args) -> Any:
    return len(db.get(args[0], set) or ())


@command()
def smembers(db: Keyspace, args: Args) -> Any:
    return sorted(db.get(args[0], set) or ())
