"""The questions to policies about permissions, and the facts that they get."""
