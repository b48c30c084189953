"""Refuses valid Rego that the engines read differently."""
