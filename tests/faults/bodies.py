"""Hypothesis strategies of what may arrive at the webhook address: near-events, garbage, odd headers."""

from __future__ import annotations

import copy
import json

from hypothesis import strategies as st

from tests.conftest import PAYLOADS

DOCUMENTED = {path.stem: json.loads(path.read_text()) for path in sorted((PAYLOADS / "webhooks").glob("*.json"))}
# Also those that UTF-8 has no bytes for.
odd_text = st.one_of(
    st.text(st.characters(), max_size=40),
    st.sampled_from(["", "\x00", "a\x00b", "\ud800", "\udfff\ud800", "😀" * 30, "İstanbul", "ﷺ", "x" * 300, "x" * 5000,
                     "\u202e", "\ufeff", " ", "\n", "null", "0", "-1", "' OR 1=1 --", "%s", "{0}", "../..", "\\u0000"]),
)  # fmt: skip
odd_numbers = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([10**400, -(10**400), 2**63, -(2**63) - 1, 1e308, 5e-324, 0, -0.0, True]),
)
scalars = st.none() | st.booleans() | odd_numbers | odd_text
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(odd_text, inner, max_size=4),
    max_leaves=8,
)


def paths(body: object, here: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Return the way to every value inside a body."""
    inside = body.items() if isinstance(body, dict) else ()
    return [here, *(found for key, value in inside for found in paths(value, (*here, key)))]


def put(body: dict, path: tuple[object, ...], value: object, *, gone: bool) -> None:
    """Replace or remove one value."""
    for key in path[:-1]:
        body = body[key]
    if gone:
        del body[path[-1]]
    else:
        body[path[-1]] = value


def rarely(draw) -> bool:
    """Draw a bend of the kind that one event in four has."""
    return draw(st.integers(0, 3)) == 0


@st.composite
def events(draw, true: dict, hits: st.SearchStrategy[object]) -> dict:
    """Draw an event that could be true, with some of its values bent.

    ``hits`` are values worth trying everywhere: crm_ids, addresses, numbers, other searches' ids.
    """
    body = copy.deepcopy(true)
    if rarely(draw):
        # The older phone event: one more envelope inside.
        body["result"] = {"id": draw(hits | scalars), "result": body.get("result", {})}
    # An event without its two names goes no further than its row.
    names = {("event",), ("id",)} if not rarely(draw) else set()
    for _ in range(draw(st.integers(0, 3))):
        here = [path for path in paths(body) if path and path not in names]
        if here:
            put(body, draw(st.sampled_from(here)), draw(hits | json_values), gone=rarely(draw))
    if rarely(draw):
        keys = st.sampled_from(["custom", "credits", "result", "email", "number", "x"]) | odd_text
        body |= draw(st.dictionaries(keys, hits | json_values, max_size=2))
    return body


@st.composite
def written(draw, values: st.SearchStrategy[object]) -> bytes:
    """Draw the bytes of a value: as JSON in some encoding, now and then cut, doubled or with a byte bent."""
    text = json.dumps(draw(values), ensure_ascii=draw(st.booleans()))
    encoding = draw(st.sampled_from(["utf-8"] * 20 + ["utf-8-sig", "utf-16", "latin-1"]))
    body = text.encode(encoding, "surrogatepass" if encoding.startswith("utf") else "replace")
    bend = draw(st.sampled_from(["as it is"] * 20 + ["cut", "doubled", "bent", "padded"]))
    place = draw(st.integers(0, max(0, len(body) - 1)))
    return {
        "as it is": body,
        "cut": body[:place],
        "doubled": body + body,
        "bent": body[:place] + bytes([draw(st.integers(0, 255))]) + body[place + 1 :],
        "padded": b" \n" + body + b"\r\n\t",
    }[bend]


raw = st.one_of(
    st.binary(max_size=200),
    st.sampled_from([
        b"", b"\x00", b"[" * 100_000, b'{"a":' * 50_000, b'{"event": "x", "id": ' + b"[" * 5000,
        b"1" * 5000, b"NaN", b"-Infinity",
        b'{"event": "x", "id": "1", "credits": {"cost": ' + b"9" * 5000 + b"}}",
        b'{"event": "single_search_finished", "id": "1", "credits": {"cost": 1e999999999}}',
        b'{"event": "single_search_finished", "event": 1, "id": "1", "id": null}',
        b'{"event": "x", "id": "\xed\xa0\x80"}', b'{"event": "\\ud800", "id": "\\u0000"}', b"a=1&b=2", b"<xml/>",
        b"\x1f\x8b\x08", b'{"event": "x", "id": "1", "p": "' + b"a" * 900_000 + b'"}', b"x" * (1024 * 1024 + 1),
    ]),
)  # fmt: skip
content_types = st.sampled_from([
    "application/json", "application/json", "application/json", "", "text/plain", "multipart/form-data",
    "multipart/form-data; boundary=", "application/x-www-form-urlencoded", "application/json; charset=utf-16",
    "application/json; charset=nonsense", "/", ";;;", "x" * 500, "application/gzip",
])  # fmt: skip
odd_headers = st.dictionaries(
    st.sampled_from(["HTTP_ACCEPT", "HTTP_CONTENT_ENCODING", "HTTP_AUTHORIZATION", "HTTP_COOKIE", "HTTP_ORIGIN",
                     "HTTP_REFERER", "HTTP_X_FORWARDED_FOR", "HTTP_X_HTTP_METHOD_OVERRIDE", "HTTP_ACCEPT_LANGUAGE",
                     "HTTP_EXPECT", "HTTP_IF_NONE_MATCH", "QUERY_STRING"]),
    st.sampled_from(["", "gzip", "Basic !", "Bearer x", "*/*;q=nonsense", "sessionid=\xff", "x" * 2000, "PUT", "%00",
                     ", ,"]),
    max_size=3,
)  # fmt: skip
# What a sender may say of its body's length; "true" is the truth.
lengths = st.sampled_from(["true"] * 8 + ["", "0", "10", "-5", "abc", "1e3", "٣", "9" * 20, "9" * 5000, "1048577"])
