"""The platform's tables, and how it works with databases."""
