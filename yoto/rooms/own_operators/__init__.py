"""Operators of an application that has no accounts for them: a table, and a page to sign in."""
