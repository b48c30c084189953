"""What guards the routes have, and how they are set until an operator sets them otherwise."""

from __future__ import annotations

from collections.abc import Mapping

from yoto.resilience import Dimension, RateLimitConfig, Settings

PERMISSION_ASK = "permission.ask"

MINUTE = 60.0  # s

# Questions, of a batch each. One that policies judge takes a third of a millisecond: who asks all
# of them keeps a sixth of one processor busy. An application that asks for others needs more.
QUESTIONS_OF_USER = Dimension("user", limit=30_000, window=MINUTE, burst=3_000)
# Questions that count as one each where people are looked up together.
PEOPLE_A_QUESTION = 10
# Questions that an explanation, a search or a review counts as, by the statements that they take.
STATEMENTS_OF_SEARCH = 10
# The same of an act that is tried: it is written, and read before and after.
STATEMENTS_OF_TRIAL = 100

API_GUARDS: Mapping[str, Mapping[str, Settings]] = {
    PERMISSION_ASK: {"rate_limit": RateLimitConfig(dimensions=(QUESTIONS_OF_USER,))},
}
