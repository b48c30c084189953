"""The rules of a verdict, from facts to allowed or denied; pure."""
