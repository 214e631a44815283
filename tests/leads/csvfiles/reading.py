"""Read a table without a database: what came in, and what was refused."""

from __future__ import annotations

import io

from leads.csvfiles.tables import open_table

TITLES = {
    *("crm_id", "firstname", "lastname", "fullname", "first name", "last name", "company", "company_name", "email"),
    *("e-mail", "phone", "url", "company_domain", "website", "country", "name"),
}


def titles(cells):
    """Return how many of the cells are known titles."""
    return sum(cell.strip().casefold() in TITLES for cell in cells)


def opened(content):
    """Return the table in a text, or in bytes."""
    return open_table(io.BytesIO(content.encode() if isinstance(content, str) else content), titles=titles)


def read(content):
    """Return by its line each row, or the sentence that refuses it."""
    return dict(opened(content))


def refused(content):
    """Return by their lines the rows that are refused."""
    return {line: row for line, row in read(content).items() if isinstance(row, str)}
