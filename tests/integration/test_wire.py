"""No name that others rely on comes, goes or changes unnoticed."""

from __future__ import annotations

import pytest

from tests.support.applications import another_app
from tests.support.wire import GOLDEN, wire


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The lines of an application that nothing was configured for."""
    with another_app({"ENVIRONMENT": "testing"}, tmp_path_factory.mktemp("wire")) as app:
        return wire(app)


@pytest.mark.parametrize("name", ["api", "control_api", "commands", "settings", "metrics"])
def test_the_wire_is_as_it_was_agreed_upon(name: str, written: dict[str, list[str]]) -> None:
    agreed = (GOLDEN / f"{name}.txt").read_text().splitlines()
    came, gone = set(written[name]) - set(agreed), set(agreed) - set(written[name])
    assert (
        written[name] == agreed
    ), f"came: {sorted(came)}; gone: {sorted(gone)}; if it is meant: python -m tests.support.wire"
