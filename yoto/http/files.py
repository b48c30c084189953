"""Files that are made while they are sent: JSON arrays, and tables as CSV (RFC 4180) that a
spreadsheet shows as what they are.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from flask import Response, stream_with_context

JSON_TYPE, MEDIA_TYPE = "application/json", "text/csv"
# Text that a spreadsheet would compute: https://owasp.org/www-community/attacks/CSV_Injection
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
TEXT_MARK = "'"


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The lines of a table with its head, each with its line end.

    Text that would be a formula gets an apostrophe before it; None is an empty cell.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    yield _taken(buffer)
    for row in rows:
        writer.writerow([_as_text(cell) for cell in row])
        yield _taken(buffer)


def json_array(items: Iterable[Any]) -> Iterator[str]:
    """A JSON array, an item of JSON data a line.

    The first item is read before this returns: a store that is away is an error before the response
    has begun. One that goes away later leaves the array without its end.
    """
    lines = (json.dumps(item, ensure_ascii=False) for item in items)
    first = next(lines, "")
    return chain(("[\n", first), (f",\n{line}" for line in lines), ("\n]\n",))


def attachment(parts: Iterator[str], name: str, media_type: str = JSON_TYPE) -> Response:
    """The response that a browser saves under a name, sent as its parts come."""
    answer = Response(stream_with_context(parts), mimetype=media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def _as_text(cell: Any) -> Any:
    if isinstance(cell, str) and cell.startswith(FORMULA_STARTS):
        return TEXT_MARK + cell
    return cell
