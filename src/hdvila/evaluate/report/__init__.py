"""A page to look at: what a model got right and wrong on a benchmark, with the pictures that it saw."""

from hdvila.evaluate.report.page import write_report

__all__ = ["write_report"]
