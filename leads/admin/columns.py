"""The forms of an import: the file, and what each of its columns is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.csvfiles.fields import fields
from leads.mapping import LeadMapping
from leads.models import FileImport

# Bytes of a file; a million rows have some hundred million.
MOST_BYTES = 1 << 30
# The form of the page, to which what stands in its moving box belongs.
FORM = "enrow-decide"


def _update() -> forms.BooleanField:
    return forms.BooleanField(
        required=False,
        label=gettext_lazy("Update leads that are there already"),
        help_text=gettext_lazy("Filled cells are written onto them; a blank cell erases nothing."),
    )


class UploadForm(forms.Form):
    """A file to import."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        max_length=200,
        help_text=gettext_lazy("CSV, or an Excel workbook (.xlsx). The first row names the columns."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
    )
    update = _update()

    def __init__(self, *args: Any, may_update: bool, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own signature
        super().__init__(*args, **kwargs)
        if not may_update:
            del self.fields["update"]

    def clean_file(self) -> Any:  # noqa: ANN401 - Django's UploadedFile
        """Refuse a file that is too large to be kept."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 1 GB; cut it, and import the parts."))
        return file


class ColumnsForm(forms.Form):
    """What each column of a file is, as it was understood or chosen; a person may say otherwise."""

    update = _update()

    def __init__(self, data: Any, *, file: FileImport, mapping: LeadMapping, may_update: bool) -> None:  # noqa: ANN401 - as Django takes it
        super().__init__(data, initial={"update": file.update})
        if not may_update:
            del self.fields["update"]
        self._file = file
        choices = [("", _("leave out")), *_choices(mapping)]
        known = {title: name for name, titles in file.preview.get("columns", {}).items() for title in titles}
        self._titles = list(_titles(file))
        for place, title in enumerate(self._titles):
            self.fields[f"column_{place}"] = forms.ChoiceField(
                choices=choices, required=False, label=title, initial=known.get(title, "")
            )
        for field in self.fields.values():
            field.widget.attrs["form"] = FORM

    @property
    def chosen(self) -> list[str]:
        """What was chosen, as ``import_leads()`` takes it."""
        return [f"{title}={self.cleaned_data[f'column_{place}']}" for place, title in enumerate(self._titles)]

    @property
    def columns(self) -> list[tuple[forms.BoundField, str]]:
        """The columns, with why one is not imported."""
        why = self._file.preview.get("left_out_columns", {})
        return [(self[f"column_{place}"], why.get(title, "")) for place, title in enumerate(self._titles)]


def _titles(file: FileImport) -> Iterator[str]:
    """Yield the titles that can be told apart."""
    for title in dict.fromkeys(title.strip() for title in file.preview.get("titles", [])):
        if title:
            yield title


def _choices(mapping: LeadMapping) -> Iterator[tuple[str, str]]:
    for name, each in fields(mapping).items():
        if field := each.field or each.cell:
            yield name, capfirst(str(field.verbose_name))


def name_of(mapping: LeadMapping, names: Sequence[str]) -> list[str]:
    """Return what fields are called, in the words of the forms."""
    known = dict(_choices(mapping))
    return [known.get(name, name) for name in names]
