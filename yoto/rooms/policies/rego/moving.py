"""Moves a module to another place below ``data``, so that two versions can stand side by side.

It also writes ``not f(input.x)`` as ``[1 | f(input.x)] == []``. The two mean the same, but OPA
computes the arguments of a negated call outside the negation: where ``input.x`` is missing, its
``not`` is undefined, and a rule that should deny for want of a field is silent. Regorus, which is
the reference here, says that ``f`` does not hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from yoto.rooms.policies.rego.heads import is_root, package_of, path_at
from yoto.rooms.policies.rego.tokens import Token, is_word, joins, tokenize


def negations(tokens: Sequence[Token]) -> Iterator[tuple[Token, Token]]:
    """Each ``not``, and the last token of its operand, its ``with`` included."""
    for index, token in enumerate(tokens):
        if index + 1 < len(tokens) and is_word(tokens, index, ("not",)):
            yield token, tokens[_last(tokens, index)]


def _last(tokens: Sequence[Token], index: int) -> int:
    depth = tokens[index].depth
    last = index + 1
    while last + 1 < len(tokens):
        following = tokens[last + 1]
        # A closing bracket has the depth of its surroundings.
        inside = following.depth > depth or (following.depth == depth and following.value in ")]}")
        if following.depth < depth or (following.depth == depth and following.value == ";"):
            break
        if not inside and _ends_behind(tokens, last):
            break
        last += 1
    return last


def _ends_behind(tokens: Sequence[Token], last: int) -> bool:
    if is_word(tokens, last + 1, ("else", "if")):
        return True
    return tokens[last + 1].first and not (joins(tokens, last) or joins(tokens, last + 1))


@dataclass(frozen=True, slots=True)
class Moved:
    """A module whose package, and every document that it reads, is one level further down.

    Attributes:
        package: its new package, dotted.
        imports: its import statements.
        body: all the rest, each line where it was.
        edits: each change of the body in order: its line, the column from 1 in the old source at
            which it begins, and by how many characters the text after it moves to the right.
    """

    package: str
    imports: tuple[str, ...]
    body: str
    edits: tuple[tuple[int, int, int], ...]

    def column(self, line: int, column: int) -> int:
        """The column in the old source of a position in the body."""
        shift = 0
        for at, start, size in self.edits:
            if at == line and start + shift < column:
                shift += min(size, column - start - shift)
        return max(1, column - shift)


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int
    end: int
    line: int
    column: int
    text: str

    @property
    def size(self) -> int:
        return len(self.text) - (self.end - self.start)


def move(source: str, prefix: str) -> Moved:
    """Put ``prefix``, a plain name, in front of the package and of all that is below ``data``."""
    tokens = tokenize(source)
    heads = list(_heads(tokens))
    inside = {index for first, last in heads for index in range(first, last + 1)}
    taken_out = [_out(tokens[first], tokens[last]) for first, last in heads]
    moves = [
        _behind(tokens[index], f".{prefix}") for index in _roots(tokens) if index not in inside
    ]
    # At one place, a moved name comes before the bracket that ends a negation.
    edits = sorted([*taken_out, *moves, *_negations(tokens)], key=lambda edit: edit.start)
    parts: list[str] = []
    done = 0
    for edit in edits:
        parts += (source[done : edit.start], edit.text)
        done = edit.end
    return Moved(
        ".".join((prefix, *(package_of(tokens) or ()))),
        tuple(
            _import(tokens[first : last + 1], source, prefix)
            for first, last in heads
            if tokens[first].value == "import" and not _is_every_keyword(tokens, first)
        ),
        "".join((*parts, source[done:])),
        tuple((edit.line, edit.column, edit.size) for edit in edits),
    )


def _heads(tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """The first and last token of the package clause and of each import."""
    for index, token in enumerate(tokens):
        if token.depth == 0 and token.first and token.value in ("package", "import"):
            last = index
            while last + 1 < len(tokens) and not tokens[last + 1].first:
                last += 1
            yield index, last


def _roots(tokens: Sequence[Token]) -> Iterator[int]:
    return (index for index in range(len(tokens)) if is_root(tokens, index, "data"))


def _is_every_keyword(tokens: Sequence[Token], index: int) -> bool:
    """Whether an import is that of all keywords: Rego v1 has those that our parser reads, and
    those of a later OPA would change the meaning of a source without them."""
    path, end = path_at(tokens, index + 1)
    return path == ("future", "keywords") and (end == len(tokens) or tokens[end].first)


def _import(tokens: Sequence[Token], source: str, prefix: str) -> str:
    for index in _roots(tokens):
        end = tokens[index].end
        return f"{source[tokens[0].start:end]}.{prefix}{source[end:tokens[-1].end]}"
    return source[tokens[0].start : tokens[-1].end]


def _out(first: Token, last: Token) -> _Edit:
    return _Edit(first.start, last.end, first.line, first.column, "")


def _negations(tokens: Sequence[Token]) -> Iterator[_Edit]:
    ends: list[_Edit] = []
    for token, last in negations(tokens):
        yield _Edit(token.start, token.end, token.line, token.column, "[1 |")
        ends.append(_behind(last, "] == []"))
    # For nested negations, the inner one ends first.
    yield from reversed(ends)


def _behind(token: Token, text: str) -> _Edit:
    lines = token.value.count("\n")
    width = len(token.value) - (token.value.rfind("\n") + 1 if lines else 0)
    column = width + 1 if lines else token.column + width
    return _Edit(token.end, token.end, token.line + lines, column, text)
