"""Calls to operate the platform: maintenance, invalidation, warm-up, positions, tuning."""
