"""The guards of the routes, with their settings until an operator changes them."""

from __future__ import annotations

from collections.abc import Mapping

from yoto.resilience import Dimension, RateLimitConfig, Settings

PERMISSION_ASK = "permission.ask"

MINUTE = 60.0  # s

# Questions, counted one by one in a batch. One that policies judge takes a third of a millisecond,
# so a caller at the limit keeps a sixth of one core busy. A program that asks for others needs
# more.
QUESTIONS_OF_USER = Dimension("user", limit=30_000, window=MINUTE, burst=3_000)
# People who count as one question when they are looked up together.
PEOPLE_A_QUESTION = 10
# Questions that an explanation, a search or a review counts as, by its number of statements.
STATEMENTS_OF_SEARCH = 10
# The same for the dry run of an act, which is written, and read before and after.
STATEMENTS_OF_TRIAL = 100

API_GUARDS: Mapping[str, Mapping[str, Settings]] = {
    PERMISSION_ASK: {"rate_limit": RateLimitConfig(dimensions=(QUESTIONS_OF_USER,))},
}
