"""A workbook (.xlsx) as rows of texts, one row in memory at a time; the extra ``xlsx`` brings the library.

A workbook is a zip archive of XML: a few kilobytes can unpack to gigabytes. So the declared sizes are checked first
(Python's zipfile unpacks no more than is declared), and no row may take more than some megabytes.
"""

from __future__ import annotations

import datetime as dt
import importlib
import shutil
import tempfile
import warnings
import weakref
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any, BinaryIO

from leads.csvfiles.careful import Read
from leads.csvfiles.columns import HeaderError

# How a zip archive begins; the second is an empty one.
MAGIC = (b"PK\x03\x04", b"PK\x05\x06")

_DAMAGED = "The workbook cannot be read; open it in a spreadsheet and save it again."
_FOREIGN = {
    "xl/workbook.bin": "The file is a binary workbook (.xlsb); save it as .xlsx or 'CSV UTF-8'.",
    "content.xml": "The file is an OpenDocument file (.ods or the like); save it as .xlsx or 'CSV UTF-8'.",
    "Index/Document.iwa": "The file is an Apple Numbers document; export it as .xlsx or CSV.",
}
# Bytes, unpacked. Texts and styles are kept in memory, sheets are streamed.
_MOST = [("xl/worksheets/", 4 << 30), ("xl/sharedStrings.xml", 256 << 20)]
_MOST_OF_OTHERS = 64 << 20
# A part that is larger than others may be so many times its packed size; tables of leads reach 10 to 30.
_MOST_TIMES = 100
_MOST_OF_ROW = 16 << 20
# A header has 1,000 columns at most, see columns.py. What stands farther right is put here: it refuses its row.
_MOST_COLUMNS = 1025
# Whole numbers keep 15 digits in a spreadsheet; a larger one is rounded, and shown as it is here.
_EXACT = 10**15


@dataclass(frozen=True, slots=True, repr=False)
class Sheet:
    """One sheet of a workbook."""

    name: str
    # The number of each row that is there, and its cells, or a sentence.
    rows: Iterator[tuple[int, Read]]


class _Bounded:
    """A stream that ends with an error when a row is too large."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._read = 0

    def read(self, size: int = -1) -> bytes:
        data = self._raw.read(min(size, 1 << 16) if size >= 0 else 1 << 16)
        self._read += len(data)
        if self._read > _MOST_OF_ROW:
            raise ValueError("A row is too large.")
        return data

    def start_row(self) -> None:
        """Count anew."""
        self._read = 0


def sheets(file: BinaryIO, head: bytes) -> list[Sheet]:
    """Return the visible sheets of a workbook of which the head was read. Raises HeaderError, with one sentence."""
    try:
        whole = _from_start(file, head)
        with zipfile.ZipFile(whole) as archive:
            _check(archive)
        return _opened(whole, close=whole is not file)
    except HeaderError:
        raise
    except Exception as error:
        raise HeaderError(_DAMAGED) from error


def _from_start(file: BinaryIO, head: bytes) -> IO[bytes]:
    """Return the whole file from its begin. A pipe goes to a temporary file: an archive is read from its end."""
    if file.seekable() and file.tell() == len(head):
        file.seek(0)
        return file
    whole = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the rows are read
    whole.write(head)
    shutil.copyfileobj(file, whole)
    return whole


def _check(archive: zipfile.ZipFile) -> None:
    """Raise HeaderError for an archive that is no workbook, or too large a one."""
    names = set(archive.namelist())
    for name, sentence in _FOREIGN.items():
        if name in names:
            raise HeaderError(sentence)
    if "xl/workbook.xml" not in names and not any(name.startswith("xl/") for name in names):
        raise HeaderError("The file is a zip archive without a workbook in it; unpack it, and import what is inside.")
    for part in archive.infolist():
        if part.flag_bits & 1:
            raise HeaderError("The workbook is protected by a password; save it without one.")
        most = next((most for begin, most in _MOST if part.filename.startswith(begin)), _MOST_OF_OTHERS)
        is_bomb = part.file_size > _MOST_OF_OTHERS and part.file_size > _MOST_TIMES * part.compress_size
        if is_bomb or part.file_size > most:
            raise HeaderError("The workbook is too large when unpacked; save the sheet as 'CSV UTF-8'.")


def _opened(file: IO[bytes], *, close: bool) -> list[Sheet]:
    """Return the sheets; the file is closed with the last of them that is forgotten, if that is asked for."""
    try:
        excel = importlib.import_module("openpyxl.reader.excel")
        reader = importlib.import_module("openpyxl.worksheet._reader")
    except ImportError as error:
        told = "To read workbooks, install the extra: pip install 'django-enrow[xlsx]'"
        raise HeaderError(f"{told}; or save the sheet as 'CSV UTF-8'.") from error
    book = excel.ExcelReader(file, read_only=True, data_only=True, keep_links=False)
    if close:
        weakref.finalize(book, file.close)
    with warnings.catch_warnings():
        # It warns of styles and extensions that it leaves out; only the cells matter here.
        warnings.simplefilter("ignore")
        # The steps of load_workbook() but its last one: that reads a sheet without <dimension> as a whole.
        book.read_manifest()
        book.read_strings()
        book.read_workbook()
        excel.apply_stylesheet(book.archive, book.wb)
    found = [(sheet, rel.target) for sheet, rel in book.parser.find_sheets() if "chartsheet" not in rel.Type]
    visible = [(sheet, part) for sheet, part in found if sheet.state == "visible"]
    return [Sheet(sheet.name, _rows(reader, book, part)) for sheet, part in visible or found]


def _rows(reader: Any, book: Any, part: str) -> Iterator[tuple[int, Read]]:  # noqa: ANN401 - the library's own
    """Yield the rows of a sheet. A damaged file ends in a sentence: what stood above may be stored already."""
    number = 0
    try:
        with book.archive.open(part) as raw:
            source = _Bounded(raw)
            parser = reader.WorkSheetParser(
                source,
                book.shared_strings,
                data_only=True,
                epoch=book.wb.epoch,
                date_formats=book.wb._date_formats,  # noqa: SLF001 - as its own reader does
                timedelta_formats=book.wb._timedelta_formats,  # noqa: SLF001 - as its own reader does
            )
            for row in _elements(reader, source):
                with warnings.catch_warnings():
                    # A number that is no date in a cell for dates becomes #VALUE!, as in a spreadsheet.
                    warnings.simplefilter("ignore")
                    said, cells = parser.parse_row(row)
                number = max(said, number + 1)
                has_formula = [cell.find(reader.FORMULA_TAG) is not None and cell.get("t") != "str" for cell in row]
                yield number, _texts(cells, has_formula)
    except Exception:  # noqa: BLE001 - the library raises what it likes for a damaged file
        yield number + 1, "the workbook is damaged or too large from here on; nothing below this row was read."


def _elements(reader: Any, source: _Bounded) -> Iterator[Any]:  # noqa: ANN401 - elements of two libraries
    """Yield each row of the XML, and forget it afterwards. The library's own loop keeps something of all rows."""
    data = None
    for event, element in reader.iterparse(source, events=("start", "end")):
        if event == "start":
            data = element if element.tag == reader.DATA_TAG else data
        elif element.tag == reader.ROW_TAG and data is not None:
            yield element
            data.clear()
            source.start_row()
        elif element.tag == reader.DATA_TAG:
            return


def _texts(cells: list[dict[str, Any]], has_formula: list[bool]) -> Read:
    """Return the cells of a row as texts, or a sentence when the value of one is not there."""
    texts: list[str] = []
    for cell, is_formula in zip(cells, has_formula, strict=True):
        place, value = min(cell["column"], _MOST_COLUMNS), cell["value"]
        if value is None and is_formula:
            return f"the formula in column {place} has no value; open the file in a spreadsheet and save it again."
        texts += [""] * (place - len(texts))
        texts[place - 1] = texts[place - 1] or text_of(value)
    return texts


def text_of(value: object) -> str:
    """Return a value as a spreadsheet writes it into a CSV file, dates as ISO 8601 has them."""
    for kinds, written in _WRITTEN:
        if isinstance(value, kinds):
            return written(value)
    return "" if value is None else str(value)


def _number(value: float) -> str:
    if value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    return f"{value:.15g}".upper()


def _moment(value: dt.datetime) -> str:
    return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")


# What openpyxl returns; bool is an int, datetime is a date.
_WRITTEN: list[tuple[type | tuple[type, ...], Callable[[Any], str]]] = [
    # Excel's own spelling of a carriage return.
    (str, lambda text: text.replace("_x000D_", "\r")),
    (float, _number),
    (dt.datetime, _moment),
    ((dt.date, dt.time), lambda value: value.isoformat()),
]
