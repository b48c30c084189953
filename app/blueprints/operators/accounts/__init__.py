"""Operators as they see and administer each other."""
