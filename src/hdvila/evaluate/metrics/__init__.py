"""Metrics: pure functions of scores and answers, without models or files."""
