"""Reviews as files, streamed: their length is known to nobody beforehand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from flask import Response, stream_with_context

from yoto.api.permissions.review.schemas import AccessLineSchema
from yoto.http.csv_export import MEDIA_TYPE, csv_lines
from yoto.permission import ACCESS_COLUMNS, AccessLine, access_rows

JSON_TYPE = "application/json"
_LINE = AccessLineSchema()


def csv_file(
    kind: str, query: Mapping[str, Any], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> Response:
    """A table about the permission and place of ``query``; ``kind`` begins the file's name."""
    return _file(kind, query, "csv", MEDIA_TYPE, csv_lines(columns, rows))


def access_csv(query: Mapping[str, Any], lines: Iterable[AccessLine]) -> Response:
    """Who can do it, a row for each way."""
    rows = chain.from_iterable(map(access_rows, lines))
    return csv_file("access", query, ACCESS_COLUMNS, rows)


def access_json(query: Mapping[str, Any], lines: Iterable[AccessLine]) -> Response:
    """Who can do it, as one JSON array."""
    return _file("access", query, "json", JSON_TYPE, _json_array(lines))


def _json_array(lines: Iterable[AccessLine]) -> Iterator[str]:
    yield "["
    for number, line in enumerate(lines):
        yield f"{',' if number else ''}\n{json.dumps(_LINE.dump(line))}"
    yield "\n]\n"


def _file(
    kind: str, query: Mapping[str, Any], suffix: str, media_type: str, parts: Iterator[str]
) -> Response:
    place = "-".join(str(part) for part in (query["scope"], query["scope_id"]) if part is not None)
    answer = Response(stream_with_context(parts), mimetype=media_type)
    answer.headers.set(
        "Content-Disposition",
        "attachment",
        filename=f"{kind}-{query['permission']}-{place}.{suffix}",
    )
    return answer
