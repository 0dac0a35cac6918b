"""`carve` is the former name of `hdvila.annotations.split_off` and keeps working."""

from hdvila.annotations.merge import split_off as carve

__all__ = ["carve"]
