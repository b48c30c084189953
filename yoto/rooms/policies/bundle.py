"""The input of an engine: Rego modules, their tests, and the data documents that they read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from yoto.errors import PolicyError

# Hexadecimal digits, 64 bits: enough to distinguish sets of one application, and to compare two by
# eye.
VERSION_LENGTH = 16

# Names of policies, and of documents that Rego reads as ``data.<name>``.
LONGEST_NAME = 48
NAME = re.compile(rf"[a-z][a-z0-9_]{{0,{LONGEST_NAME - 1}}}", re.ASCII)
NAME_RULE = f"1 to {LONGEST_NAME} of a-z, 0-9 and _, beginning with a letter"


@dataclass(frozen=True)
class Bundle:
    """A whole set of policies; its contents never change.

    Attributes:
        modules: policy name to Rego v1 source, in ``package yoto.authz`` or a package inside it.
        tests: policy name to Rego test source, in ``yoto.authz``, ``yoto.authz_test`` or inside.
        data: document name to JSON value, which policies read as ``data.<name>``.
    """

    modules: Mapping[str, str]
    tests: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("modules", "tests", "data"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @cached_property
    def data_json(self) -> str:
        """The data documents as one canonical JSON object.

        Raises:
            PolicyError: a document is no JSON value; ``policy`` is its name.
        """
        parts = [
            f"{canonical_json(name, name)}:{canonical_json(name, self.data[name])}"
            for name in sorted(self.data)
        ]
        return "{" + ",".join(parts) + "}"

    @cached_property
    def version(self) -> str:
        """The first digits of the SHA-256 of all that the bundle holds; the same wherever it is
        made.

        Raises:
            PolicyError: a document is no JSON value, or a source no Unicode text.
        """
        content = [dict(self.modules), dict(self.tests)]
        text = f"{canonical_json('bundle', content)}\n{self.data_json}"
        return sha256(text.encode("ascii")).hexdigest()[:VERSION_LENGTH]


def canonical_json(name: str, value: Any) -> str:
    """The one way to write ``value`` as JSON, in ASCII.

    Raises:
        PolicyError: it is no JSON value; ``policy`` is ``name``.
    """
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise PolicyError(name, f"is not a JSON value: {error}") from error
