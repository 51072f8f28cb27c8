"""The pages of the documentation that are made from the program itself: `make docs`.

    config model, config.example.toml -> configuration.md      commands -> commands.md
    views and their comments          -> views.md              metrics  -> metrics.md
    the recipes in queries.md, run over a replayed day -> the results shown in queries.md

`tests/docs` fails where a page is not what would be made now.
"""
