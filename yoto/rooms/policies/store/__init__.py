"""The record of policies in the database: the entries in force, all earlier ones, and authors."""
