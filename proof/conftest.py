"""The checkers' own tests run as the suite's do: on its servers, and leaving nothing behind."""

from tests.conftest import pytest_plugins  # noqa: F401
