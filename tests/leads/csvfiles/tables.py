"""Tables of leads, as text."""

from __future__ import annotations

import io

STRANGE = [
    "=1+1",
    "+33 1 99",
    "-3",
    "@x",
    "'=1",
    "''=1",
    "'quoted'",
    "'",
    "=",
    "+33199001234",
    "'+33199001234",
    " =1",
    "a\tb",
    "a,b;c",
    'say "hi"',
    "two\nlines",
    "two\r\nlines",
    "Łukasz",
    "山田",
    "＝1",
    "\\",
    "None such",
    "00",
]


def table(count):
    rows = "".join(f"crm-{number},Ann{number},Lee,firm{number}.com\n" for number in range(count))
    return io.BytesIO(f"crm_id,firstname,lastname,company_domain\n{rows}".encode())


def comma_separated(text):
    return io.BytesIO(text.encode())
