"""The topic of a decision: the three fields of the input that have few different values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

# Their places in the input. Rules that depend on these alone are evaluated once a topic.
TOPIC_PATHS: Final = (("action", "name"), ("action", "names"), ("resource", "scope"))
# Names of a permission: longer or more of them are no permission's, and must not be remembered.
_MOST_NAMES = 8
_LONGEST = 200


class Topic(NamedTuple):
    """A permission, its names in documents, and the scope in which it is asked for."""

    name: str
    names: tuple[str, ...]
    scope: str

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Topic | None:
        """The topic of an input; None where one of its fields is missing or odd."""
        action, resource = document.get("action"), document.get("resource")
        if type(action) is not dict or type(resource) is not dict:
            return None
        name, names, scope = action.get("name"), action.get("names"), resource.get("scope")
        if type(names) is not list or not 0 < len(names) <= _MOST_NAMES:
            return None
        for one in (name, scope, *names):
            if type(one) is not str or len(one) > _LONGEST:
                return None
        return cls(name, tuple(names), scope)  # type: ignore[arg-type]

    @classmethod
    def of_text(cls, text: str) -> Topic | None:
        """The topic of an input written as JSON; None as in ``of``, or where it is no object.

        Raises:
            ValueError: it is no JSON.
        """
        document = json.loads(text)
        return cls.of(document) if isinstance(document, dict) else None

    @property
    def document(self) -> dict[str, Any]:
        """An input with nothing else."""
        return {
            "action": {"name": self.name, "names": list(self.names)},
            "resource": {"scope": self.scope},
        }
