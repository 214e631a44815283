"""A file comes in through a real browser: chosen, looked at, corrected, imported, while the page moves by itself."""

from __future__ import annotations

import csv

import pytest
from selenium.webdriver.support.ui import Select

from leads.models import Lead
from leads.uploads import working
from tests.leads.admin_pages import list_page

pytestmark = [pytest.mark.chromium, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_a_person_imports_a_file_with_errors_and_watches_it(person, tmp_path):
    """Nothing is typed but the choice of a column; what is refused is told before and after."""
    path = tmp_path / "people.csv"
    rows = [["crm_id", "name", "Rufname"], ["1", "Ann Lee", "Annie"], ["1", "Bob Low", "Bobby"], ["2", "Cem Oz", ""]]
    with path.open("w", newline="") as out:
        csv.writer(out).writerows(rows)
    person.sign_in("add_lead", "view_lead")
    person.open(list_page(Lead))
    person.one(".object-tools a[href*=enrow-import]").click()
    person.one("[name=file]").send_keys(str(path))
    person.one(".submit-row [type=submit]").click()
    person.reads("Being checked:")
    person.leave_a_mark()

    working.work_next()

    person.reads("3 rows were looked at. Nothing is imported yet.")
    person.reads("Line 3: crm_id '1' stands in line 2 already.")
    assert person.has_mark, "the page was loaded anew"
    Select(person.one("select[name=column_2]")).select_by_value("firstname")
    person.press("[name=decide][value=check]")
    person.reads("Being checked:")
    working.work_next()
    person.reads("Waits for you:")
    person.press("[name=decide][value=import]")
    person.reads("Being imported:")
    person.leave_a_mark()

    working.work_next()

    person.reads("3 of 3 rows are done.")
    assert person.has_mark, "the page was loaded anew"
    assert "What was refused" in person.text
    assert person.one("a[href$='/refused/']").is_displayed()
    assert list(Lead.objects.order_by("crm_id").values_list("firstname", flat=True)) == ["Annie", ""]
    assert not person.complaints
