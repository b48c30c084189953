"""Private names of Flask and marshmallow, all in this file: none has a public way.

``tests/unit/yoto/http/test_borrowed.py`` fails when a library changes one of them. Not private in
spite of their names, since their documentation says how to use them: ``_serialize`` and
``_deserialize`` of marshmallow's fields, and ``_get_current_object`` of Werkzeug's proxies.

| name | why |
|---|---|
| ``AppContext._after_request_functions`` | a function that fails must leave the answer unchanged |
| ``AppContext._session`` | the session of a request that never asked for it is not opened for it |
| ``Schema._hooks`` | a schema that has hooks cannot be prepared |
| ``Field._CHECK_ATTRIBUTE`` | nor can one with fields that write no attribute |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import marshmallow as ma
from flask import Response
from marshmallow.decorators import POST_DUMP, PRE_DUMP


def after_this_request(context: Any) -> Iterable[Callable[[Response], Response]]:
    """What ``flask.after_this_request`` has gathered."""
    functions: Iterable[Callable[[Response], Response]] = context._after_request_functions
    return functions


def session_of(context: Any) -> Any:
    """The session of a request, which is not opened for that."""
    return context._session


def is_plain(schema: ma.Schema) -> bool:
    """Whether a schema writes the attributes of an object, each by its field, and nothing else."""
    if schema._hooks[PRE_DUMP] or schema._hooks[POST_DUMP]:
        return False
    return all(field._CHECK_ATTRIBUTE for field in schema.dump_fields.values())
