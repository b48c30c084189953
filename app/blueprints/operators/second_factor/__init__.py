"""A second factor of operators: a code of an app, or a recovery code."""
