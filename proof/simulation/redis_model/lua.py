"""Runs our Lua files as a server does, in the same Lua 5.1, and the model's commands."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable
from functools import cache
from typing import Any

from lupa.lua51 import LuaError, LuaRuntime

from proof.simulation.redis_model.keyspace import CommandError, Status

Call = Callable[..., Any]

# KEYS and ARGV are made on Lua's side, and its own errors are told from those of commands. A script
# sees no other globals than a server's, and may set none.
_PRELUDE = """
local call, pack, unpack_, encode = ...
redis = {
  call = call,
  pcall = function(...)
    local fine, reply = pcall(call, ...)
    if fine then return reply end
    return {err = tostring(reply)}
  end,
}
struct = {
  pack = pack,
  unpack = function(...)
    return unpack(unpack_(...))
  end,
}
cjson = {encode = encode}
setmetatable(_G, {
  __index = function(_, name)
    error('Script attempted to access nonexistent global variable ' .. tostring(name), 2)
  end,
  __newindex = function() error('Attempt to modify a readonly table', 2) end,
})
return function(chunk, keys, ...)
  local all = {...}
  local KEYS, ARGV = {}, {}
  rawset(_G, 'KEYS', KEYS)
  rawset(_G, 'ARGV', ARGV)
  for index = 1, keys do KEYS[index] = all[index] end
  for index = keys + 1, #all do ARGV[index - keys] = all[index] end
  return chunk()
end
"""


class Lua:
    """One interpreter; ``call`` is who runs the commands of the script that runs now."""

    def __init__(self) -> None:
        self.call: Call = lambda *args: None
        self._lua = LuaRuntime(encoding=None, unpack_returned_tuples=False)
        self._table = self._lua.table_from
        self._nil_table = type(self._lua.table())
        self._chunks: dict[bytes, Any] = {}
        self._run = self._lua.execute(
            _PRELUDE.encode(), self._redis_call, self._pack, self._unpack, self._encode
        )

    def load(self, sha: bytes, source: bytes) -> None:
        """Compile a script.

        Raises:
            CommandError: it is no Lua.
        """
        if sha not in self._chunks:
            try:
                self._chunks[sha] = self._lua.compile(source)
            except LuaError as error:
                raise CommandError(f"ERR Error compiling script: {error}") from None

    def run(self, sha: bytes, keys: int, args: list[bytes]) -> Any:
        """The reply of a script that was loaded.

        Raises:
            CommandError: it raised.
        """
        try:
            return self._reply(self._run(self._chunks[sha], keys, *args))
        except LuaError as error:
            raise CommandError(f"ERR {error} script: {sha.decode()}") from None

    def _redis_call(self, *args: Any) -> Any:
        return self._value(self.call(*map(_argument, args)))

    def _value(self, reply: Any) -> Any:
        if isinstance(reply, list):
            return self._table([self._value(one) for one in reply])
        if reply is None:
            return False
        if isinstance(reply, Status):
            return self._table({b"ok": bytes(reply)})
        return reply

    def _reply(self, value: Any) -> Any:
        if isinstance(value, self._nil_table):
            if (error := value[b"err"]) is not None:
                raise CommandError(error.decode())
            if (status := value[b"ok"]) is not None:
                return Status(status)
            replies: list[Any] = []
            while (one := value[len(replies) + 1]) is not None:
                replies.append(self._reply(one))
            return replies
        if value is True:
            return 1
        if value is False:
            return None
        return int(value) if isinstance(value, float) else value

    def _pack(self, form: bytes, *values: Any) -> bytes:
        parts = []
        for (kind, size), value in zip(_parts(form), values, strict=True):
            if kind == "I":
                parts.append(int(value).to_bytes(size, _order(form)))
            else:
                parts.append(struct.pack(_mark(form) + kind, value))
        return b"".join(parts)

    def _unpack(self, form: bytes, data: bytes, start: int = 1) -> Any:
        values: list[Any] = []
        at = int(start) - 1
        for kind, size in _parts(form):
            part = data[at : at + size]
            if len(part) < size:
                raise CommandError("ERR data string too short")
            at += size
            if kind == "I":
                values.append(int.from_bytes(part, _order(form)))
            else:
                values.append(struct.unpack(_mark(form) + kind, part)[0])
        return self._table([*values, at + 1])

    def _encode(self, value: Any) -> bytes:
        return json.dumps(self._plain(value), separators=(",", ":")).encode()

    def _plain(self, value: Any) -> Any:
        if isinstance(value, self._nil_table):
            return {self._plain(key): self._plain(value[key]) for key in value}
        return value.decode() if isinstance(value, bytes) else value


def _argument(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CommandError("ERR Lua redis lib command arguments must be strings or integers")
    if value == int(value):
        return b"%d" % int(value)
    return b"%.17g" % value


@cache
def _parts(form: bytes) -> tuple[tuple[str, int], ...]:
    """The fields of a format of Lua's ``struct``: ``I`` with a size, and ``d``."""
    found = []
    for kind, size in re.findall(r"([a-zA-Z])(\d*)", form.decode()):
        if kind not in "Id":
            raise CommandError(f"ERR the model does not know {form!r}")
        found.append((kind, int(size or 4) if kind == "I" else 8))
    return tuple(found)


def _mark(form: bytes) -> str:
    return ">" if form.startswith(b">") else "<"


def _order(form: bytes) -> Any:
    return "big" if form.startswith(b">") else "little"
