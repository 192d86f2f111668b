"""The stores of secrets that need no service."""
