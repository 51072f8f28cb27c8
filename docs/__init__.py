"""The documentation; `docs.generate` makes the pages that come from the program."""
