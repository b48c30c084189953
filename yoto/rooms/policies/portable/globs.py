"""Patterns of ``glob.match`` as regular expressions, by the rules of OPA's library.

https://pkg.go.dev/github.com/gobwas/glob: regorus has another library, in which ``**`` is a whole
part of a path and no class holds a delimiter.
"""

from __future__ import annotations

import re
from typing import Any

from yoto.rooms.policies.portable.syntax import text_of

_PART = re.compile(
    r"""(?P<any>\*\*+)|(?P<some>\*)|(?P<one>\?)|\\(?P<escaped>.)
    |\[(?P<negated>!?)(?:(?P<first>[A-Za-z0-9])-(?P<last>[A-Za-z0-9])|(?P<listed>[A-Za-z0-9_]+))\]
    |(?P<open>\{)|(?P<close>\})|(?P<comma>,)|(?P<plain>[^\\\[\]!])""",
    re.VERBOSE | re.DOTALL,
)


def as_regex(pattern: str, delimiters: list[str]) -> str | None:
    """A regular expression for a pattern; None where OPA's reading of it is unknown here."""
    outside = "".join(f"\\x{{{ord(one):x}}}" for one in delimiters)
    one = f"[^{outside}]" if outside else "."
    found, at, depth = [], 0, 0
    while at < len(pattern):
        part = _PART.match(pattern, at)
        if part is None:
            return None
        at = part.end()
        kind = part.lastgroup
        if kind in ("last", "listed"):
            inside = f"{part['first']}-{part['last']}" if part["first"] else part["listed"]
            if part["first"] and part["first"] > part["last"]:
                return None
            found.append(f"[{'^' if part['negated'] else ''}{inside}]")
        elif kind in ("escaped", "plain") or (kind == "comma" and not depth):
            found.append(f"\\x{{{ord(part[0][-1]):x}}}")
        else:
            depth += {"open": 1, "close": -1}.get(str(kind), 0)
            # In braces inside braces, and around nothing, OPA's library is not clear.
            if depth not in (0, 1) or pattern[at - 1 : at + 1] in ("{,", "{}", ",,", ",}"):
                return None
            written = {"any": ".*", "some": f"{one}*", "one": one, "open": "(?:", "close": ")"}
            found.append(written.get(str(kind), "|"))
    return None if depth else f"(?s)\\A(?:{''.join(found)})\\z"


def delimiters_of(node: Any) -> list[str] | None:
    """The delimiters that an argument names; None where they are not written out."""
    if "Null" in node:
        return []
    if "Array" not in node:
        return None
    texts = [text_of(one) for one in node["Array"]["items"]]
    several = [text for text in texts if text is not None and len(text) == 1]
    return None if len(several) < len(texts) else several or ["."]
