"""Tests of measurements that need servers."""
