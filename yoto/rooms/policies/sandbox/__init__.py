"""Tries a bundle where it can do no harm."""
