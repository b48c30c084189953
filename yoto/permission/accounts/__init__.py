"""Accounts: whether credentials count, who may change them, and changes that are reported."""
