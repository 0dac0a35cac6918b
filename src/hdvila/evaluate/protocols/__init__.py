"""The benchmarks' protocols by name."""
