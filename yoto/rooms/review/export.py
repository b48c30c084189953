"""Reviews as files, streamed, since their length is unknown beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from flask import Response

from yoto.api.permissions.checks.asking import Question, question_of
from yoto.http.files import JSON_TYPE, MEDIA_TYPE, attachment, csv_lines, json_array
from yoto.http.shapes import schema_of
from yoto.rooms.review.report import ACCESS_COLUMNS, AccessLine, AccessPage, access_rows
from yoto.rooms.review.reviewing import REVIEWING
from yoto.store.db import db

INCOMPLETE_HEADER = "X-Yoto-Incomplete"
_LINE = schema_of(AccessLine)()


def csv_file(
    kind: str, query: Mapping[str, Any], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> Response:
    """A table about the permission and place of ``query``; ``kind`` begins the file's name."""
    return _file(kind, query, "csv", MEDIA_TYPE, csv_lines(columns, rows))


def access_file(
    query: Mapping[str, Any], page: AccessPage, limit: int, *, as_json: bool = False
) -> Response:
    """People with the permission from a page on to the end, read by ``limit``: CSV, a row for each
    way, or one JSON array. If people may be missing, the file's name and a header say so.
    """
    lines = _lines_from(page, question_of(query), limit)
    if as_json:
        array = json_array(map(_LINE.dump, lines))
        return _file("access", query, "json", JSON_TYPE, array, page.incomplete)
    rows = csv_lines(ACCESS_COLUMNS, chain.from_iterable(map(access_rows, lines)))
    return _file("access", query, "csv", MEDIA_TYPE, rows, page.incomplete)


def _lines_from(page: AccessPage, question: Question, limit: int) -> Iterator[AccessLine]:
    """All lines from a page on, read in pages of ``limit``."""
    while True:
        # A slow reader must not hold a connection meanwhile.
        db.session.rollback()
        yield from page.lines
        if page.next_after is None:
            return
        page = REVIEWING.who_can(*question, after=page.next_after, limit=limit, numbers=True)


def _file(
    kind: str,
    query: Mapping[str, Any],
    suffix: str,
    media_type: str,
    parts: Iterator[str],
    incomplete: str | None = None,
) -> Response:
    named = [kind, query["permission"], query["scope"], query["scope_id"]]
    named.append(None if incomplete is None else "incomplete")
    name = "-".join(str(part) for part in named if part is not None)
    answer = attachment(parts, f"{name}.{suffix}", media_type)
    if incomplete is not None:
        answer.headers[INCOMPLETE_HEADER] = incomplete
    return answer
