"""``yoto.testing`` as fixtures of pytest: ``pytest_plugins = ["yoto.testing.fixtures"]``.

They take the application's own fixture ``app``.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import pytest
from flask import Flask

from yoto import testing


@pytest.fixture
def act_as(app: Flask) -> Callable[[Any], AbstractContextManager[None]]:
    """``with act_as(person.id):``; see ``yoto.testing.acting_as``."""
    return partial(testing.acting_as, app)


@pytest.fixture
def grant(app: Flask) -> Callable[..., int]:
    """``grant(person.id, "document.read", at=("document", 1))``; see ``yoto.testing.grant``."""
    return partial(testing.grant, app)


@pytest.fixture
def refusing(app: Flask) -> Callable[[str], AbstractContextManager[None]]:
    """``with refusing("search"):``; see ``yoto.testing.refusing``."""
    return partial(testing.refusing, app)
