"""The behaviour of users: decaying counters in Redis, and a risk score."""
