"""The layout of Rego files, as far as it can be checked line by line."""

from __future__ import annotations

from collections.abc import Iterator


def problems_of(raw: bytes) -> list[tuple[int, str]]:
    """Differences of a file from the layout of ``opa fmt``: line (from 1) and message.

    Raw strings over several lines are distinguished from code, since their blanks are content.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return [(raw[: error.start].count(b"\n") + 1, "is not UTF-8")]
    if not text:
        return [(1, "is empty")]
    return list(_problems(text))


def _problems(text: str) -> Iterator[tuple[int, str]]:
    lines = text.split("\n")
    inside = False
    for number, line in enumerate(lines[:-1], 1):
        began_inside, inside = inside, inside ^ (_backquotes(line) % 2 == 1)
        if began_inside:
            continue
        if "\r" in line:
            yield number, "ends with a carriage return"
        elif line != line.rstrip() and not inside:
            yield number, "ends with blanks"
        if line.startswith(" "):
            yield number, "is indented with blanks; use tabs"
        if not line and number > 1 and not lines[number - 2]:
            yield number, "is a second blank line"
    if lines[-1]:
        yield len(lines), "does not end with a newline"
    elif len(lines) > 1 and not lines[-2]:
        yield len(lines) - 1, "is a blank line at the end"


def _backquotes(line: str) -> int:
    """Backquotes outside of comments and quoted strings."""
    count, quoted, escaped = 0, False, False
    for letter in line:
        if escaped:
            escaped = False
        elif quoted:
            escaped, quoted = letter == "\\", letter != '"'
        elif letter == "`":
            count += 1
        elif count % 2 == 0 and letter == '"':
            quoted = True
        elif count % 2 == 0 and letter == "#":
            break
    return count
