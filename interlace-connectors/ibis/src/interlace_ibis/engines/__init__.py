"""The ways of the backends: one file for each that has its own."""
