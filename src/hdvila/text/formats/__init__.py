"""Subtitle formats: each reader turns a file into timed lines, from which words, sounds and speakers come."""
