"""The guards of the API, and their configuration until an operator changes it.

``docs/guards.md`` describes each one for operators. The limits are meant for programs: a person who
types or reads does not reach them.
"""

from __future__ import annotations

from collections.abc import Mapping

from yoto.api.guards import API_GUARDS
from yoto.auth.guessing import (
    CONTROL_GUARDS,
    CONTROL_SIGN_IN,
    CONTROL_SIGN_IN_KNOWN,
    SIGN_INS_OF_ANYBODY,
    SIGN_INS_OF_KNOWN,
)
from yoto.persistence import DATABASE, DATABASE_BREAKER
from yoto.resilience import (
    BulkheadConfig,
    BulkheadStrategy,
    CircuitBreakerConfig,
    Dimension,
    RateLimitConfig,
    Settings,
)

SIGN_IN = "auth.sign-in"
SIGN_IN_KNOWN = "auth.sign-in.known"
SECOND_FACTOR = "auth.second-factor"
REGISTER = "auth.register"
MESSAGE_SEND = "message.send"
MESSAGE_SEARCH = "message.search"
MESSAGE_SEARCH_OF_USER = "message.search-of-user"
INVITE_USE = "invite.use"
API_WRITE = "api.write"
MEMBER_RENAME = "member.rename-self"

MINUTE, HOUR = 60.0, 3600.0  # s

# Codes. Three in a million are right at a time; only a caller with the password gets to try any.
CODES_OF_ACCOUNT = Dimension("user", limit=10, window=15 * MINUTE)

# Accounts. A site has 65,536 networks of IPv6, and each counts as an address.
REGISTRATIONS_OF_SITE = Dimension("site", limit=90, window=HOUR)
# Accounts. A class registers together; a program that makes accounts is stopped.
REGISTRATIONS_OF_ADDRESS = Dimension("ip", limit=30, window=HOUR)

# Messages. One a second is more than a person types; pasting a few lines at once is fine.
MESSAGES_OF_USER_IN_SERVER = Dimension("user+server", limit=60, window=MINUTE, burst=20)
# Messages. For a user who talks in two servers at once.
MESSAGES_OF_USER = Dimension("user", limit=120, window=MINUTE, burst=40)
# Messages. A raid by many accounts; a lively server of some hundred people stays below.
MESSAGES_OF_SERVER = Dimension("server", limit=1200, window=MINUTE, burst=300)
# Sends at once over all workers. Each is a few ms; more at once means that something is stuck.
SENDS_AT_ONCE = 50

# Searches at once over all workers. Each may read a whole table, and the database has other work.
SEARCHES_AT_ONCE = 8
# Searches of one user at once, of those: one user cannot keep all others from searching.
SEARCHES_OF_USER_AT_ONCE = 2
# Seconds that a search waits for its turn: most of them are over by then.
SEARCH_WAIT = 0.5

# Codes. People follow a link or two; the many others guess codes.
INVITES_OF_USER = Dimension("user", limit=20, window=10 * MINUTE)

# Changes of any kind by one account. A script that builds a server with all its channels goes on at
# ten a second; each change is a row of the audit log, which is never deleted.
WRITES_OF_USER = Dimension("user", limit=600, window=MINUTE, burst=300)
# Names. A search tries some; more only fill the audit log.
NICKNAMES_OF_USER = Dimension("user", limit=20, window=HOUR)

# With it an operator can close a route; what fails behind it has a breaker of its own.
FOR_OPERATORS = CircuitBreakerConfig()

# Limits against guessing: however many calls they reject, no recommendation raises them.
AGAINST_GUESSING = frozenset(
    {
        SIGN_IN,
        SIGN_IN_KNOWN,
        CONTROL_SIGN_IN,
        CONTROL_SIGN_IN_KNOWN,
        SECOND_FACTOR,
        REGISTER,
        INVITE_USE,
    }
)

GUARDS: Mapping[str, Mapping[str, Settings]] = {
    SIGN_IN: {"rate_limit": SIGN_INS_OF_ANYBODY},
    SIGN_IN_KNOWN: {"rate_limit": SIGN_INS_OF_KNOWN},
    # Operators have a sign-in of their own: whatever users do behind the same address, operators
    # can sign in.
    **CONTROL_GUARDS,
    SECOND_FACTOR: {"rate_limit": RateLimitConfig(dimensions=(CODES_OF_ACCOUNT,))},
    REGISTER: {
        "rate_limit": RateLimitConfig(dimensions=(REGISTRATIONS_OF_ADDRESS, REGISTRATIONS_OF_SITE))
    },
    MESSAGE_SEND: {
        "rate_limit": RateLimitConfig(
            dimensions=(MESSAGES_OF_USER_IN_SERVER, MESSAGES_OF_USER, MESSAGES_OF_SERVER)
        ),
        "bulkhead": BulkheadConfig(max_concurrent=SENDS_AT_ONCE),
        "circuit_breaker": FOR_OPERATORS,
    },
    MESSAGE_SEARCH: {
        "bulkhead": BulkheadConfig(max_concurrent=SEARCHES_AT_ONCE, wait=SEARCH_WAIT),
        "circuit_breaker": FOR_OPERATORS,
    },
    MESSAGE_SEARCH_OF_USER: {
        "bulkhead": BulkheadConfig(
            max_concurrent=SEARCHES_OF_USER_AT_ONCE,
            wait=SEARCH_WAIT,
            strategy=BulkheadStrategy.USER,
        ),
    },
    INVITE_USE: {"rate_limit": RateLimitConfig(dimensions=(INVITES_OF_USER,))},
    **API_GUARDS,
    API_WRITE: {"rate_limit": RateLimitConfig(dimensions=(WRITES_OF_USER,))},
    MEMBER_RENAME: {"rate_limit": RateLimitConfig(dimensions=(NICKNAMES_OF_USER,))},
    DATABASE: {"circuit_breaker": DATABASE_BREAKER},
}
