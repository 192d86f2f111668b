"""The scenarios of the state store suite, by group of tables."""
