"""The edit tab: one photo."""
