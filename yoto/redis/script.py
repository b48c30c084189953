"""A Lua script: a file with a header that says how it may be called.

The header is the comment block at the top of the file::

    -- Takes one token.
    -- KEYS: 1 bucket
    -- ARGV: 1 capacity, 2 tokens a second
    -- returns: {allowed, remaining}
    -- repeatable: yes

``repeatable: yes`` promises that running the call a second time, after a reply was lost, gives the
caller the right answer and changes nothing more. A line ``--@include other.lua`` is replaced by
that file of the same package (once, however often it is asked for), and ``--@insert what`` by the
text that the caller who loads the script gives for ``what``.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from importlib import resources

_FIELD = re.compile(r"^--\s*(KEYS|ARGV|returns|repeatable):\s*(.*?)\s*$", re.IGNORECASE)
_INCLUDE = re.compile(r"^--@include\s+(\S+)\s*$")
_INSERT = re.compile(r"^--@insert\s+(\S+)\s*$", re.MULTILINE)
_REQUIRED = ("keys", "argv", "returns", "repeatable")


@dataclass(frozen=True, eq=False)
class Script:
    """A Lua script and the promises of its header.

    Attributes:
        name: the file's name, for errors and metrics.
        source: Lua text as the server gets it.
        repeatable: whether the registry may send the call again when it lost the reply.
        sha: SHA-1 of the source in hex, which EVALSHA wants.
    """

    name: str
    source: str
    repeatable: bool
    keys: str = ""
    argv: str = ""
    returns: str = ""
    sha: str = field(init=False)

    def __post_init__(self) -> None:
        digest = hashlib.sha1(self.source.encode(), usedforsecurity=False).hexdigest()
        object.__setattr__(self, "sha", digest)


def load_lua(package: str, filename: str) -> str:
    """The text of a Lua file that has no header, to be inserted; what it includes is in it.

    Raises:
        FileNotFoundError: the file, or one it includes, is not in the package.
    """
    return _expand(package, _read(package, filename), seen={filename})


def load_script(package: str, filename: str, **inserted: str) -> Script:
    """The script ``filename`` of ``package`` (such as ``"yoto.resilience.lua"``).

    Args:
        inserted: Lua for each ``--@insert`` of the script, by name.

    Raises:
        FileNotFoundError: the file, or one it includes, is not in the package.
        ValueError: the header lacks a field, or ``repeatable`` is neither yes nor no.
        KeyError: the script asks for an insertion that is not given.
    """
    text = _read(package, filename)
    header = _parse_header(text, filename)
    repeatable = header["repeatable"].lower()
    if repeatable not in ("yes", "no"):
        raise ValueError(f"{filename}: 'repeatable' must be yes or no, not '{repeatable}'")
    source = _expand(package, text, seen={filename})
    return Script(
        name=filename,
        source=_INSERT.sub(lambda match: inserted[match[1]], source),
        repeatable=repeatable == "yes",
        keys=header["keys"],
        argv=header["argv"],
        returns=header["returns"],
    )


def _read(package: str, filename: str) -> str:
    return resources.files(package).joinpath(filename).read_text(encoding="utf-8")


def _parse_header(text: str, filename: str) -> dict[str, str]:
    header: dict[str, str] = {}
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        if match := _FIELD.match(line):
            header[match[1].lower()] = match[2]
    missing = [name for name in _REQUIRED if name not in header]
    if missing:
        raise ValueError(f"{filename}: the header lacks {', '.join(missing)}")
    return header


def _expand(package: str, text: str, seen: set[str]) -> str:
    lines: list[str] = []
    for line in text.splitlines():
        match = _INCLUDE.match(line)
        if match is None:
            lines.append(line)
        elif match[1] not in seen:
            seen.add(match[1])
            lines.append(_expand(package, _read(package, match[1]), seen))
    return "\n".join(lines)
