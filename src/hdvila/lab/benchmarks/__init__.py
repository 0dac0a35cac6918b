"""The miniature world as benchmarks: videos, and annotation files in the exact formats of the public data sets."""

from hdvila.lab.benchmarks.write import BENCHMARKS, Summary, Written, write_benchmarks

__all__ = ["BENCHMARKS", "Summary", "Written", "write_benchmarks"]
