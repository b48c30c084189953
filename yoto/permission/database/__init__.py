"""Where statements of permissions run: tables, parameters, transactions, our own pool."""
