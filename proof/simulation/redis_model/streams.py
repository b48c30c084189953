"""Commands of streams and their consumer groups."""

from __future__ import annotations

from typing import Any

from proof.simulation.redis_model.commands import OK, Args, command, unsupported, whole
from proof.simulation.redis_model.keyspace import CommandError, Group, Id, Keyspace, Stream

TOO_SMALL = "ERR The ID specified in XADD is equal or smaller than the target stream top item"
LAST: Id = (1 << 64, 1 << 64)


def shown(entry_id: Id) -> bytes:
    """An id as Redis prints it."""
    return b"%d-%d" % entry_id


def parsed(text: bytes, missing: int = 0) -> Id:
    """An id; one without a sequence has ``missing`` for it."""
    ms, dash, sequence = text.partition(b"-")
    try:
        return int(ms), int(sequence) if dash else missing
    except ValueError:
        raise CommandError("ERR Invalid stream ID specified as stream command argument") from None


def _range(stream: Stream | None, low: bytes, high: bytes) -> list[Id]:
    if stream is None:
        return []
    start = (0, 0) if low == b"-" else parsed(low.lstrip(b"("))
    end = LAST if high == b"+" else parsed(high.lstrip(b"("), missing=1 << 64)
    found = [one for one in stream.entries if start <= one <= end]
    if low.startswith(b"(") and found and found[0] == start:
        del found[0]
    if high.startswith(b"(") and found and found[-1] == end:
        del found[-1]
    return found


def after(stream: Stream | None, last: Id, limit: int) -> list[Any]:
    """The entries behind an id, from the end backwards: readers are near it."""
    found: list[Id] = []
    for one in reversed(stream.entries if stream is not None else {}):
        if one <= last:
            break
        found.append(one)
    return _entries(stream, found[::-1][:limit])


def _entries(stream: Stream | None, ids: list[Id]) -> list[Any]:
    return [[shown(one), list(stream.entries[one])] for one in ids] if stream is not None else []


def _trim(stream: Stream, length: int) -> int:
    excess = max(0, len(stream.entries) - length)
    for one in list(stream.entries)[:excess]:
        del stream.entries[one]
    return excess


@command(grows=True)
def xadd(db: Keyspace, args: Args) -> Any:
    key, *rest = args
    keep = None
    if rest[0].upper() == b"MAXLEN":
        # About so many: whole nodes of the server, of which these tests never fill two.
        keep = whole(rest[2]) if rest[1] == b"~" else whole(rest[1])
        del rest[: 3 if rest[1] == b"~" else 2]
    stream = db.get(key, Stream) or Stream()
    wanted, *fields = rest
    if wanted == b"*":
        new = (db.ms, 0)
        if new <= stream.last:
            new = (stream.last[0], stream.last[1] + 1)
    else:
        new = parsed(wanted)
        if new <= stream.last:
            raise CommandError(TOO_SMALL)
    db.values[key] = stream
    stream.entries[new] = fields
    stream.last = new
    if keep is not None:
        _trim(stream, keep)
    return shown(new)


@command()
def xlen(db: Keyspace, args: Args) -> Any:
    stream = db.get(args[0], Stream)
    return 0 if stream is None else len(stream.entries)


@command(writes=True)
def xdel(db: Keyspace, args: Args) -> Any:
    stream = db.get(args[0], Stream)
    if stream is None:
        return 0
    return sum(stream.entries.pop(parsed(one), None) is not None for one in args[1:])


def _count(args: Args) -> int | None:
    match [option.upper() for option in args]:
        case []:
            return None
        case [b"COUNT", count]:
            return whole(count)
    raise unsupported(args)


@command()
def xrange(db: Keyspace, args: Args) -> Any:
    stream = db.get(args[0], Stream)
    return _entries(stream, _range(stream, args[1], args[2])[: _count(args[3:])])


@command()
def xrevrange(db: Keyspace, args: Args) -> Any:
    stream = db.get(args[0], Stream)
    if stream is not None and args[1:3] == (b"+", b"-") and args[3:] == (b"COUNT", b"1"):
        return _entries(stream, [next(reversed(stream.entries))] if stream.entries else [])
    return _entries(stream, _range(stream, args[2], args[1])[::-1][: _count(args[3:])])


@command(writes=True)
def xgroup(db: Keyspace, args: Args) -> Any:
    match args:
        case [act, key, name, start, *options] if act.upper() == b"CREATE":
            stream = db.get(key, Stream)
            if stream is None and b"MKSTREAM" not in options:
                raise CommandError("ERR The XGROUP subcommand requires the key to exist")
            stream = db.make(key, Stream)
            if name in stream.groups:
                raise CommandError("BUSYGROUP Consumer Group name already exists")
            stream.groups[name] = Group(stream.last if start == b"$" else parsed(start))
            return OK
        case [act, key, name, consumer] if act.upper() == b"DELCONSUMER":
            group = _group(db, key, name)
            mine = [one for one, (owner, _, _) in group.pending.items() if owner == consumer]
            for one in mine:
                del group.pending[one]
            group.consumers.pop(consumer, None)
            return len(mine)
    raise unsupported(args)


def _group(db: Keyspace, key: bytes, name: bytes) -> Group:
    stream = db.get(key, Stream)
    if stream is None or name not in stream.groups:
        raise CommandError(f"NOGROUP No such consumer group '{name!r}' for key name '{key!r}'")
    return stream.groups[name]


@command(writes=True)
def xreadgroup(db: Keyspace, args: Args) -> Any:
    if (args[0], args[3], args[5], args[7]) != (b"GROUP", b"COUNT", b"STREAMS", b">"):
        raise unsupported(args)
    name, consumer, limit, key = args[1], args[2], whole(args[4]), args[6]
    group = _group(db, key, name)
    group.consumers.setdefault(consumer)
    stream = db.make(key, Stream)
    found = after(stream, group.last, limit)
    for text, _ in found:
        group.last = parsed(text)
        group.pending[group.last] = (consumer, db.ms, 1)
    return [[key, found]] if found else None


@command(writes=True)
def xack(db: Keyspace, args: Args) -> Any:
    stream = db.get(args[0], Stream)
    if stream is None or args[1] not in stream.groups:
        return 0
    pending = stream.groups[args[1]].pending
    return sum(pending.pop(parsed(one), None) is not None for one in args[2:])


@command()
def xpending(db: Keyspace, args: Args) -> Any:
    key, name, low, high, count = args[:5]
    group = _group(db, key, name)
    start = (0, 0) if low == b"-" else parsed(low)
    end = LAST if high == b"+" else parsed(high, missing=1 << 64)
    found = []
    for one in sorted(group.pending):
        owner, since, times = group.pending[one]
        if start <= one <= end and (len(args) < 6 or owner == args[5]):
            found.append([shown(one), owner, max(0, db.ms - since), times])
    return found[: whole(count)]


@command(writes=True)
def xclaim(db: Keyspace, args: Args) -> Any:
    key, name, consumer, idle, entry_id, *options = args
    if idle != b"0":
        raise unsupported(args)
    group, stream = _group(db, key, name), db.make(key, Stream)
    group.consumers.setdefault(consumer)
    one = parsed(entry_id)
    if one not in group.pending:
        return []
    if one not in stream.entries:
        # The entry was deleted: it is pending no more.
        del group.pending[one]
        return []
    times = group.pending[one][2]
    match options:
        case []:
            times += 1
        case [b"RETRYCOUNT", text, b"JUSTID"]:
            times = whole(text)
        case _:
            raise unsupported(args)
    group.pending[one] = (consumer, db.ms, times)
    return [shown(one)] if options else _entries(stream, [one])


@command()
def xinfo(db: Keyspace, args: Args) -> Any:
    match args:
        case [what, key] if what.upper() == b"GROUPS":
            stream = db.get(key, Stream)
            if stream is None:
                raise CommandError("ERR no such key")
            return [
                [b"name", name, b"consumers", len(group.consumers), b"pending", len(group.pending)]
                + [b"last-delivered-id", shown(group.last)]
                for name, group in stream.groups.items()
            ]
        case [what, key, name] if what.upper() == b"CONSUMERS":
            group = _group(db, key, name)
            owners = [owner for owner, _, _ in group.pending.values()]
            return [
                [b"name", consumer, b"pending", owners.count(consumer)]
                for consumer in sorted(group.consumers)
            ]
    raise unsupported(args)
