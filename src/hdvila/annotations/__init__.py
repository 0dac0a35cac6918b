"""Annotation files of the benchmarks, in the forms in which their authors gave them out."""
