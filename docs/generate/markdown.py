"""What all generated pages share."""

from __future__ import annotations

MADE = "<!-- Made by `make docs`; what is written here by hand is lost. -->"


def table_head(*titles: str) -> str:
    """The first two lines of a table."""
    return "| " + " | ".join(titles) + " |\n" + "|---" * len(titles) + "|\n"


def row(*cells: str) -> str:
    """A line of a table."""
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |\n"
