"""What columns are and how they change: types, comparison, contracts.  Pure: text in, values out."""
