"""The demo: every part of the library once, from rendered videos to answered searches, with a report."""
