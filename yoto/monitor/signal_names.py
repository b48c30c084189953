"""The values behind health and the default alerts: a metric name to a number, or None.

The caller passes them in one mapping. None, or a missing name, means unknown. A name may carry
labels, as Prometheus writes them: ``memory_share{instance="a"}``.
"""

from __future__ import annotations

# Share of look-ups that the cache served, 0 to 1.
CACHE_HIT_RATE = "cache_hit_rate"
# ms of a response.
RESPONSE_MS = "response_ms"
# Share of failed responses, 0 to 1.
ERROR_RATE = "error_rate"
# Share of the memory in use that all processes of a container, or of a host, share, 0 to 1.
MEMORY_SHARE = "memory_share"
# With the label ``name``: 1 while the breaker is open, or isolated by an operator, else 0.
BREAKER_OPEN = "breaker_open"
BREAKER_ISOLATED = "breaker_isolated"
# With the label ``kind``: dead letters of the batch queue.
DEAD_LETTERS = "dead_letters"
# Workers that fell silent within the last hour without announcing their end.
SILENT_WORKERS = "silent_workers"
# Counts of the last minute: statements that lost their connection, sign-ins that failed or were
# refused as too many, and policy evaluations without a verdict.
DATABASE_FAILURES = "database_failures"
FAILED_SIGN_INS = "failed_sign_ins"
POLICY_ERRORS = "policy_errors"
