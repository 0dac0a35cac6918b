"""Pure functions from scores to numbers; no model, no files."""
