"""Yoto, the platform: permissions and resilience for Flask applications."""
