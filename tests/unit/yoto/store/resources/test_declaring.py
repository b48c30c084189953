"""What a type of resources may not say of itself."""

from __future__ import annotations

import pytest
from flask import Flask

from yoto.errors import ConfigurationError
from yoto.store.resources import declare_resource


@pytest.mark.parametrize("nested", [0, 25])
def test_registered_nodes_nest_no_deeper_than_others(nested: int) -> None:
    app = Flask(__name__)
    with pytest.raises(ConfigurationError, match="nested"):
        declare_resource(app, "folder", parent="folder", nested=nested)
    assert declare_resource(app, "folder", parent="folder", nested=24).nested == 24
