"""Tests of the measurements that are kept in the repository."""
