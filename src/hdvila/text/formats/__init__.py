"""Readers of subtitle formats. Each turns a file into timed lines, which `hdvila.text` splits into words."""
