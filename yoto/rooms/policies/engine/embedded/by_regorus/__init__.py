"""Regorus, whose builtins are called through checks where it reads a value otherwise than OPA."""
