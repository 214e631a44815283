"""The bytes of an uploaded file come back as they were sent."""

from __future__ import annotations

import pytest

from leads.models import FileImport, FilePart
from leads.uploads import parts
from tests.leads.uploads.files import upload

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("size", [0, 5, 11, 25])
def test_the_bytes_come_back_as_they_were_sent(monkeypatch, size):
    """In parts of which no more than one is in memory, whatever the pieces were; and they can be sought in."""
    monkeypatch.setattr(parts, "PART", 5)
    content = bytes(range(size))
    file = FileImport(model="leads.lead", name="x", user="1")
    parts.store(file, [content[:3], content[3:7], content[7:]])
    with parts.opened(file) as stream:
        assert stream.read() == content
        assert stream.seek(-min(size, 6), 2) == size - min(size, 6)
        assert stream.read(4) == content[-6:][:4]
    assert file.size == size


def test_a_file_that_was_deleted_meanwhile_is_no_short_file():
    """Half a file would be imported as if it were whole."""
    file = upload("crm_id\n1\n")
    FilePart.objects.all().delete()
    with pytest.raises(LookupError), parts.opened(file) as stream:
        stream.read()


def test_an_upload_that_breaks_off_leaves_nothing(monkeypatch):
    """Neither a file nor its first parts."""
    monkeypatch.setattr(parts, "PART", 2)

    def broken():
        yield b"abcd"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        parts.store(FileImport(model="leads.lead", name="x", user="1"), broken())
    assert not FileImport.objects.exists()
    assert not FilePart.objects.exists()
