"""A header in words, and cells that no spreadsheet runs."""

from __future__ import annotations

import pytest
from django.db.models import FloatField

from leads.csvfiles import columns
from leads.csvfiles.columns import CellError, Column
from leads.csvfiles.fields import fields
from leads.csvfiles.guards import guarded, unguarded
from leads.models import Lead
from tests.commands import run
from tests.leads.csvfiles.tables import STRANGE

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("text", STRANGE)
def test_no_cell_begins_like_a_formula(text):
    """Guarding is undone exactly, and what is guarded runs nowhere; a plain phone stays readable for other programs."""
    assert unguarded(guarded(text)) == text
    assert guarded(text).lstrip()[:1] not in set("=-@＝") | ({"+"} if text != "+33199001234" else set())


def test_a_person_who_typed_an_apostrophe_before_the_plus_meant_the_phone(csv_file):
    """'+331… is how people keep a plus in a spreadsheet."""
    run("import_leads", csv_file("crm_id,phone\n1,+33199001233\n2,'+33199001234\n"))

    assert Lead.objects.get(crm_id="2").phone == "+33199001234"


@pytest.mark.parametrize("name", [field for field in fields() if field in columns._FILLED])
def test_a_placeholder_is_a_blank_cell(name):
    """Whichever program wrote it; a word for nothing that is somebody's name, or a country, stays."""
    column = Column(place=0, field=fields()[name].field)
    texts = ["n/a", " - ", "'-", "#N/A", "--"]
    assert column.read(texts) == [None] * len(texts)
    words = {"firstname": "Null", "lastname": "Null", "fullname": "Null", "country_code": "NA", "phone_country": "NA"}
    stays = words.get(name)
    assert column.read([stays or "NULL"]) == [stays]


def test_other_columns_keep_such_words():
    """An id may be "0", and a column that enrichment does not read means what its owner says."""
    column = Column(place=0, field=fields()["crm_id"].field)
    assert column.read(["0", "null", "-"]) == ["0", "null", "-"]


@pytest.mark.parametrize("text", ["nan", "inf", "-Infinity"])
def test_a_word_for_no_number_is_no_number(text):
    """Programs write "nan" into a blank cell of numbers; a host's column of numbers does not take it for one."""
    column = Column(place=0, field=FloatField(name="score"))
    value, error = column.read(["0.5", text])
    assert value == 0.5
    assert isinstance(error, CellError)
    assert f"score '{text}' is not a number" in str(error)


def test_a_phone_is_written_as_it_is():
    """Other programs read the column; a plus and digits are no formula, a plus and anything else may be one."""
    assert guarded("+33199001234") == "+33199001234"
    assert guarded("+1+1") == "'+1+1"
