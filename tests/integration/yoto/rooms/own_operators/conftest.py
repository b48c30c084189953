"""Only a guest has operators so."""

from tests.integration.yoto.embed.conftest import level_of_the_tests, prepared, url

__all__ = ["level_of_the_tests", "prepared", "url"]
