"""An example of a plugin by a third party."""
