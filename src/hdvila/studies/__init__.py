"""Experiments that repeat a table of a paper in the miniature world."""
