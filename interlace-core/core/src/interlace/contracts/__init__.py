"""The contracts: one file per concern, each an abstract class, its options and its capabilities."""
