r"""Patterns that Rust's and Go's libraries read alike.

Both descend from RE2 (https://github.com/google/re2/wiki/Syntax). Rust's ``\d``, ``\w``, ``\s`` and
``\b`` are of Unicode and Go's of ASCII, and Rust's classes have operators. For globs, the engines
agree on plain text with ``*``, and ``**`` at an end.
"""

from __future__ import annotations

import re
from typing import Any

from yoto.rooms.policies.portable.syntax import text_of

# The largest number of repetitions that Go takes, those of one inside another multiplied.
MOST_REPEATED = 1000

_SHORTHAND = {
    "d": "[0-9]",
    "D": "[^0-9]",
    "w": "[0-9A-Za-z_]",
    "W": "[^0-9A-Za-z_]",
    "s": r"[\t\n\f\r ]",
    "S": r"[^\t\n\f\r ]",
    "b": "(^|[^0-9A-Za-z_])",
    "B": "the characters that may stand there",
}
_ESCAPE = (
    r"""\\(?:[-.+*?()|\[\]{}^$\\/_"'@%&~#,:;=! ]|[tnrfvaAz]"""
    r"""|x[0-9A-Fa-f]{2}|[pP](?:[A-Z]|\{\w+\}))"""
)
_CLASS = "(?:al(?:num|pha)|ascii|blank|cntrl|x?digit|graph|lower|print|punct|space|upper|word)"
_REGEX = re.compile(
    rf"""(?P<escape>{_ESCAPE})
    |(?P<class>\[\^?\]?(?:{_ESCAPE}|\[:\^?{_CLASS}:\]|&(?!&)|-(?!-)|~(?!~)|[^\[\]\\&~-])*\])
    |(?P<repeat>[*+?]\??|\{{(?P<least>\d+)(?:,(?P<most>\d*))?\}}\??)
    |(?P<group>\((?:\?(?:[ims]+:?|:|P<(?P<name>[A-Za-z_][0-9A-Za-z_]*)>))?)
    |(?P<other>[^\\\[{{(*+?])""",
    re.VERBOSE | re.DOTALL,
)
_GLOB = re.compile(r"(?:\*\*)?(?:[^*?\[\]{}\\!]|\*(?!\*))*(?:\*\*)?")


def regex_fault(pattern: str) -> str | None:
    """Why the engines may read a regular expression differently; None: they read it alike."""
    position, before = 0, ""
    names: set[str] = set()
    # Repetitions of the last element, and the most of them in each open group.
    repeated, most_in = 1, [1]
    while position < len(pattern):
        match = _REGEX.match(pattern, position)
        if match is None:
            return _unread(pattern[position : position + 2])
        kind = str(match.lastgroup)
        if kind == "repeat" and before in ("", "repeat", "group"):
            return "a repetition has nothing before it, or another repetition"
        if kind == "group":
            most_in.append(1)
            if match["name"] in names:
                return f"the name {match['name']} stands twice"
            names |= {match["name"]} - {None}
        if kind == "repeat":
            repeated *= max(int(one) for one in (match["least"], match["most"], 1) if one)
        else:
            repeated = most_in.pop() if match[0] == ")" and len(most_in) > 1 else 1
        most_in[-1] = max(most_in[-1], repeated)
        if repeated > MOST_REPEATED:
            return f"repetitions may be of {MOST_REPEATED} at most, those inside others multiplied"
        position, before = match.end(), kind
    return None


def glob_fault(pattern: str) -> str | None:
    """As ``regex_fault``, for the pattern of ``glob.match``."""
    if pattern.isascii() and _GLOB.fullmatch(pattern) and "***" not in pattern:
        return None
    return (
        "the engines read this pattern differently: plain ASCII may have '*', and '**' at an end; "
        "write several patterns, or regex.match"
    )


def _unread(text: str) -> str:
    if text[:1] == "\\" and text[1:] in _SHORTHAND:
        return f"{text} means other characters to each engine: write {_SHORTHAND[text[1:]]}"
    return f"the engines read {text!r} differently"


# Patterns of ``glob.match`` as regular expressions, by the rules of OPA's library,
# https://pkg.go.dev/github.com/gobwas/glob: regorus has another library, in which ``**`` is a whole
# part of a path and no class holds a delimiter.
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
