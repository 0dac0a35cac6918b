"""What a person types. One short file a command; each calls one function of the library.

A command is a module with a Typer application named ``app`` and a line in the table of `hdvila.cli.main`. It is
imported only when it is typed, so its own heavy imports (torch, av) may stand where they are used.
"""
