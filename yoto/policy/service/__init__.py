"""Policies in service in one process: loading, evaluating, and what watches over both."""
