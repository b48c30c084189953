"""Permissions for operators: explanations, searches, and all grants of a server."""
