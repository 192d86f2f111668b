"""The generated pages of the reference: one file for each kind of page, and what they share."""
