"""Prints rows as a table and writes them as JSON."""

import dataclasses
import json

DETAILS = 3
COMPARED = "values and attributes compared"


def table(head, rows):
    """Columns of minimum width; the last one is not padded."""
    rows = [head, *rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head) - 1)]
    for row in rows:
        print(" | ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[-1]]))


def cells(row):
    """The printed cells of a row."""
    return row.name, row.version, f"{row.agreed} / {row.files}", f"{row.values:,} and {row.attributes:,}", row.verdict


def readers(rows):
    table(("reader", "version", "files", COMPARED, "verdict"), map(cells, rows))
    details(rows)


def changes(rows):
    table(("changed by", "version", "copies", COMPARED, "verdict"), map(cells, rows))
    details(rows)


def details(rows):
    """The first differences of rows that failed."""
    for row in rows:
        if row.passed is False and row.details:
            print(f"{row.name}:")
            for line in row.details[:DETAILS]:
                print(f"    {line}")
            if len(row.details) > DETAILS:
                print(f"    and {len(row.details) - DETAILS} more")


def summary(what, rows):
    """The closing line, such as `12 readers passed, 0 failed, 1 skipped`."""
    passed, failed, skipped = (sum(row.passed is state for row in rows) for state in (True, False, None))
    return f"{passed} {what} passed, {failed} failed, {skipped} skipped"


def write(path, **tables):
    tables = {name: [dataclasses.asdict(row) for row in rows] for name, rows in tables.items()}
    path.write_text(json.dumps(tables, indent=1) + "\n")
