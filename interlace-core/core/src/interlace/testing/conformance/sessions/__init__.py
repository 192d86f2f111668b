"""The scenarios of the connection suite, by concern."""
