"""Roles: their data, their grants, and their holders."""
