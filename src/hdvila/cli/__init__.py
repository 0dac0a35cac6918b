"""The command line. One file for each family of commands; each command calls one function of the library.

A command is a Typer application with a line in the table of `hdvila.cli.main`. Its module is imported only when it is
used; heavy imports (torch, av) still belong in its functions, so that ``--help`` is fast.
"""
