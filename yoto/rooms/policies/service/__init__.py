"""Policies in service in one process: loading, evaluation, and supervision of both."""
