"""Models that are mapped, and those that cannot be."""

from __future__ import annotations

import pytest
from django.db import models

from tests.leads.mapping_checks.shapes import bare, codes, contact, mapping, model, only, said


def test_an_abstract_model_has_no_rows():
    """Nothing else is told of it: it has no manager, either."""
    code, _, text = only(mapping(contact(meta={"abstract": True})))
    assert code == "E111"
    assert "abstract" in text


def test_a_proxy_is_told_whose_rows_it_has():
    """A second mapping of the same rows would give each lead two names."""
    code, _, text = only(mapping(model("KeyContact", contact(), meta={"proxy": True})))
    assert code == "E111"
    assert "Map the concrete model, crm.Contact; proxies resolve to it" in text


def test_a_swapped_model_has_no_table(settings):
    """The model that took its place is mapped."""
    settings.CRM_CONTACT = "crm.Person"
    code, _, text = only(mapping(contact(meta={"swappable": "CRM_CONTACT"})))
    assert code == "E111"
    assert "Map crm.Person" in text


def test_a_key_of_several_columns_is_no_order():
    """Pages are read by one column."""
    lead = model(
        "Seat",
        pk=models.CompositePrimaryKey("row", "place"),
        row=models.IntegerField(),
        place=models.IntegerField(),
        code=models.CharField(max_length=9, unique=True),
    )
    assert only(bare(lead, crm_id_field="code"))[0] == "E111"


def test_a_name_must_fit_into_the_rows_of_searches():
    """PostgreSQL would refuse the first search job."""
    fields = {"name": models.CharField(max_length=9)}
    assert only(bare(model("C" * 97, **fields), fullname="name"))[0] == "E111"
    assert "E111" not in codes(bare(model("C" * 96, **fields), fullname="name"))


def test_a_child_of_a_mapped_model_is_mapped_by_it():
    """Each row of a child is a row of its parent."""
    lead = contact()
    child = model("Partner", lead, since=models.DateField(null=True))
    told = said(mapping(lead), mapping(child, "PartnerMapping", crm_id_prefix="partner-"))
    assert [(code, "crm.Partner is a child of crm.Contact" in text) for code, _, text in told] == [("E111", True)]
    assert codes(mapping(child)) == []


@pytest.mark.parametrize("managed", [True, False])
def test_one_table_is_mapped_once(managed):
    """Two models of one table would be two leads of one row."""
    meta = {"db_table": "crm_contact", "managed": managed}
    fields = {
        "name": models.CharField(max_length=9),
        "domain": models.CharField(max_length=99),
        "mail": models.EmailField(null=True),
    }
    sources = {"fullname": "name", "company_domain": "domain", "email": "mail"}
    one, other = model("One", meta=meta, **fields), model("Other", meta=meta, **fields)
    told = only(bare(one, **sources, crm_id_prefix="a"), bare(other, **sources, crm_id_prefix="b"))
    assert told[0] == "E111"
    assert "'crm_contact' is mapped by crm.lead_mapping.BareMapping of crm.One" in told[2]
