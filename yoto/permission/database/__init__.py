"""The basis of permissions' statements: tables, parameters, transactions, our own pool."""
