"""Metrics of policy evaluations, by engine and by policy."""
