"""Declarations of a type of resources that are refused."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from yoto.errors import ConfigurationError
from yoto.store.models import AuditRecord
from yoto.store.resources import declare_resource


@pytest.mark.parametrize("nested", [0, 25])
def test_registered_nodes_nest_no_deeper_than_others(nested: int) -> None:
    app = Flask(__name__)
    with pytest.raises(ConfigurationError, match="nested"):
        declare_resource(app, "folder", parent="folder", nested=nested)
    assert declare_resource(app, "folder", parent="folder", nested=24).nested == 24


@pytest.mark.parametrize("said", [{"remaining": ["document.read"]}, {"audit": "document"}])
def test_a_type_without_members_has_neither_time_outs_nor_an_audit_of_its_own(
    said: dict[str, Any],
) -> None:
    with pytest.raises(ConfigurationError, match=f"{next(iter(said))}: nobody belongs to a"):
        declare_resource(Flask(__name__), "document", AuditRecord, **said)


@pytest.mark.parametrize("name", ["group", "role", "team", "user", "application"])
def test_a_name_that_means_something_else_is_refused_with_what_it_means(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"'{name}' cannot be a type: .* '{name}:...' is"):
        declare_resource(Flask(__name__), name)
