"""Runs Lua scripts: EVALSHA on the right server's connection, and what to do when that fails."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from redis import exceptions

from yoto.deadlines import left_of
from yoto.errors import StoreUnavailable
from yoto.moments import milliseconds
from yoto.redis.link import pack_command
from yoto.redis.node import CONNECTION_ERRORS, Node, Unreachable
from yoto.redis.refusals import refusal_code
from yoto.redis.router import Router, exchange_all
from yoto.redis.script import Script

Key: TypeAlias = str | bytes
Arg: TypeAlias = str | bytes | int | float
Call: TypeAlias = tuple[Script, Sequence[Key], Sequence[Arg]]

ASKING = pack_command((b"ASKING",))

# Pauses between tries: a slot that moves needs about a millisecond, a failover many.
FIRST_PAUSE = 0.002  # s
MAX_PAUSE = 0.05  # s


# A generator of its own: seeding the global one must not affect it.
_dice = random.Random()


class ScriptRegistry:
    """The one door to Lua.

    Replies are as the server gives them: ``int``, ``bytes``, ``None``, and lists of these.
    """

    def __init__(self, router: Callable[[], Router], retry_time: float) -> None:
        """``router`` is asked at every call, so that nothing connects before the first one."""
        self._router = router
        self._retry_time = retry_time

    def run(self, script: Script, keys: Sequence[Key], args: Sequence[Arg] = ()) -> Any:
        """Run ``script`` once and return its reply.

        On a cluster all ``keys`` must share one hash tag; a script without keys runs anywhere.

        Raises:
            StoreUnavailable: no server took the call in time, or it answered that it cannot do it
                now (out of memory, too few replicas, ...). A script that is not repeatable may have
                run, or begun, all the same.
            redis.exceptions.ResponseError: the call or the script is wrong.
        """
        node = self._router().node_for(keys[0] if keys else None)
        try:
            reply = node.call(_pack(script, keys, args), check_idle=not script.repeatable)
        except CONNECTION_ERRORS as error:
            return self._retry(script, keys, args, node, error)
        if isinstance(reply, Exception):
            return self._retry(script, keys, args, node, reply)
        return reply

    def run_confirmed(
        self,
        script: Script,
        keys: Sequence[Key],
        args: Sequence[Arg],
        replicas: int,
        wait: float,
    ) -> tuple[Any, int]:
        """Run ``script``, and count the replicas that have its writes; one round trip.

        WAIT follows the script on the same connection, since it knows of no writes but that
        connection's. A script whose repetition writes nothing would be confirmed without having
        been copied: one that is repeatable must write something each time that the count matters.

        Args:
            replicas: as many are enough; the answer comes as soon as they have it.
            wait: seconds after which it comes in any case, well below the socket's time-out.

        Returns:
            The script's reply, and how many replicas have confirmed.

        Raises:
            StoreUnavailable, redis.exceptions.ResponseError: as ``run``, also of WAIT.
        """
        waiting = pack_command((b"WAIT", replicas, milliseconds(wait)))
        node = self._router().node_for(keys[0] if keys else None)
        try:
            replies = node.exchange(
                [_pack(script, keys, args), waiting], check_idle=not script.repeatable
            )
        except CONNECTION_ERRORS as error:
            replies = [error]
        if isinstance(replies[0], Exception):
            replies = self._retry_all(script, keys, args, node, replies[0], waiting)
        reply, confirmed = replies
        if isinstance(confirmed, Exception):
            raise _as_raised(confirmed)
        return reply, int(confirmed)

    def run_many(self, calls: Iterable[Call], raise_errors: bool = True) -> list[Any]:
        """Run several scripts; calls for the same server travel together, and run in their order.

        Every server has its commands before the first reply is read. The calls are independent: one
        that fails does not keep another from running.

        Args:
            calls: (script, keys, args) each.
            raise_errors: raise the first error after all have run; else errors stand in the list.

        Raises:
            StoreUnavailable, redis.exceptions.ResponseError: as ``run``.
        """
        todo = list(calls)
        replies: list[Any] = [None] * len(todo)
        router = self._router()
        groups: dict[Node, list[int]] = {}
        for index, (_, keys, _) in enumerate(todo):
            groups.setdefault(router.node_for(keys[0] if keys else None), []).append(index)
        self._exchange(todo, groups, replies)
        if not any(isinstance(reply, Exception) for reply in replies):
            return replies
        strangers = _still(exceptions.NoScriptError, groups, replies)
        if strangers:
            # It is another server, or its cache was emptied: those calls are late.
            for node in strangers:
                node.scripts.clear()
            self._exchange(todo, strangers, replies)
        for node, indexes in _still(Exception, groups, replies).items():
            for index in indexes:
                replies[index] = self._retry_or_error(todo[index], node, replies[index])
        if raise_errors:
            for reply in replies:
                if isinstance(reply, Exception):
                    raise reply
        return replies

    def _exchange(
        self,
        todo: Sequence[Call],
        groups: Mapping[Node, Sequence[int]],
        replies: list[Any],
    ) -> None:
        """Send each node its calls, and before them the scripts that it was not given yet."""
        batches = {}
        given = {}
        for node, indexes in groups.items():
            used = dict.fromkeys(todo[i][0] for i in indexes)
            given[node] = [script for script in used if script.sha not in node.scripts]
            batches[node] = [_pack_load(script) for script in given[node]]
            batches[node] += [_pack(*todo[i]) for i in indexes]
        check_idle = not all(todo[i][0].repeatable for some in groups.values() for i in some)
        for node, outcome in exchange_all(batches, check_idle).items():
            count = len(given[node])
            for script, reply in zip(given[node], outcome, strict=False):
                if not isinstance(reply, Exception):
                    node.scripts.add(script.sha)
            for index, reply in zip(groups[node], outcome[count:], strict=True):
                replies[index] = reply

    def _retry_or_error(self, call: Call, node: Node, problem: Exception) -> Any:
        try:
            return self._retry(*call, node, problem)
        except (StoreUnavailable, exceptions.ResponseError) as error:
            return error

    def _retry(
        self,
        script: Script,
        keys: Sequence[Key],
        args: Sequence[Arg],
        node: Node,
        problem: Exception,
    ) -> Any:
        """Go on after a first try on ``node`` that ended in ``problem``."""
        return self._retry_all(script, keys, args, node, problem)[0]

    def _retry_all(
        self,
        script: Script,
        keys: Sequence[Key],
        args: Sequence[Arg],
        node: Node,
        problem: Exception,
        *afterwards: bytes,
    ) -> list[Any]:
        """As ``_retry``, and send ``afterwards`` on the same connection: the replies to all."""
        key = keys[0] if keys else None
        command = _pack(script, keys, args)
        prelude: list[bytes] = []
        deadline = time.monotonic() + self._retry_time
        pause = 0.0
        while True:
            asked = node
            node, prelude = self._react(problem, script, key, node, prelude)
            if time.monotonic() + pause >= deadline:
                # Others shall not wait as long for the same answer.
                asked.refused(problem)
                raise StoreUnavailable("redis", problem) from problem
            if pause:
                time.sleep(left_of(pause * _dice.uniform(0.5, 1.0)))
            pause = min(pause * 2 or FIRST_PAUSE, MAX_PAUSE)
            try:
                replies = node.exchange(
                    [*prelude, command, *afterwards], check_idle=not script.repeatable
                )[len(prelude) :]
            except CONNECTION_ERRORS as error:
                replies = [error]
            if not isinstance(replies[0], Exception):
                return replies
            problem = replies[0]

    def _react(
        self, problem: Exception, script: Script, key: Key | None, node: Node, prelude: list[bytes]
    ) -> tuple[Node, list[bytes]]:
        """The server for another try, and commands to send first; raises when that is no use.

        Unless a connection was lost or silent, we know that the script did not run.
        """
        router = self._router()
        match problem:
            case exceptions.NoScriptError():
                return node, [_pack_load(script), *prelude]
            case exceptions.MovedError():
                router.moved(problem)
                return router.node_at(*redirected_to(problem, node)), []
            case exceptions.AskError():
                return router.node_at(*redirected_to(problem, node)), [ASKING]
            case exceptions.TryAgainError() | exceptions.BusyLoadingError():
                return node, prelude
            case exceptions.ReadOnlyError() | exceptions.ClusterDownError():
                router.refresh(suspect=node)
                return router.node_for(key), []
            case exceptions.MaxConnectionsError():
                raise StoreUnavailable("redis", problem) from problem
            case exceptions.ConnectionError() | exceptions.TimeoutError():
                if script.repeatable or isinstance(problem, Unreachable):
                    router.refresh(suspect=node)
                    successor = router.node_for(key)
                    # The same server would let the caller wait as long again.
                    if successor is not node or not _timed_out(problem):
                        return successor, []
                raise StoreUnavailable("redis", problem) from problem
        raise _as_raised(problem)


def _as_raised(problem: Exception) -> Exception:
    """An error reply as callers get it: their own mistake, or an unavailable store."""
    if refusal_code(problem) is None:
        return problem
    unavailable = StoreUnavailable("redis", problem)
    unavailable.__cause__ = problem
    return unavailable


def _timed_out(problem: Exception) -> bool:
    return isinstance(problem, exceptions.TimeoutError) or (
        isinstance(problem.__cause__, exceptions.TimeoutError)
    )


def redirected_to(redirection: exceptions.AskError, node: Node) -> tuple[str, int]:
    """Where a server sent us; it leaves out the host when that is its own."""
    host: str = redirection.host or node.name.rpartition(":")[0]
    return host, redirection.port


def _pack(script: Script, keys: Sequence[Key], args: Sequence[Arg]) -> bytes:
    return pack_command((b"EVALSHA", script.sha, len(keys), *keys, *args))


def _pack_load(script: Script) -> bytes:
    return pack_command((b"SCRIPT", b"LOAD", script.source))


def _still(
    kind: type[Exception], groups: Mapping[Node, Sequence[int]], replies: Sequence[Any]
) -> dict[Node, list[int]]:
    """The calls of each node whose reply is such an error."""
    found = {
        node: [index for index in indexes if isinstance(replies[index], kind)]
        for node, indexes in groups.items()
    }
    return {node: indexes for node, indexes in found.items() if indexes}
