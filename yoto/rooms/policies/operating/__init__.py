"""Policies, the data documents that they read, and the candidate beside them.

The policy store audits each change in the transaction that makes it, before any worker loads it.
"""
