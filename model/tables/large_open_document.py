"""Read sheets of OpenDocument row by row, by the XML parser of the standard library.

The elements and attributes are those of OpenDocument 1.3, part 3, chapters 5, 6, 9 and 19.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any, BinaryIO
from xml.etree.ElementTree import Element, iterparse

OPEN_DOCUMENT = "content.xml"
OFFICE, TABLE, TEXT = (
    f"{{urn:oasis:names:tc:opendocument:xmlns:{name}:1.0}}" for name in ("office", "table", "text")
)
CELLS = (f"{TABLE}table-cell", f"{TABLE}covered-table-cell")
NUMBERS = ("float", "percentage", "currency")


class LargeOpenDocument:
    """A workbook of which one row at a time is in memory.

    Attributes:
        sheet_names: the names, in their order.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._archive = zipfile.ZipFile(file)
        self.sheet_names = [name for name, _ in self._elements(f"{TABLE}table")]

    def rows(self, name: str) -> Iterator[Sequence[Any]]:
        """Yield the cells of the rows of a sheet, from the first row to the last with a value."""
        blank_rows = 0
        for sheet, row in self._elements(f"{TABLE}table-row"):
            count = int(row.get(f"{TABLE}number-rows-repeated", 1))
            cells = _cells(row) if sheet == name else []
            if sheet == name and not cells:
                blank_rows += count
            elif cells:
                yield from repeat([], blank_rows)
                yield from repeat(cells, count)
                blank_rows = 0

    def close(self) -> None:
        """Close the file."""
        self._archive.close()

    def _elements(self, tag: str) -> Iterator[tuple[str, Element]]:
        """Yield each element of a kind that has ended, with the name of its sheet."""
        sheet, parents = "", [Element("")]
        with self._archive.open(OPEN_DOCUMENT) as content:
            # Expat reads no other file, and bounds by how much entities grow.
            for event, element in iterparse(content, ("start", "end")):  # noqa: S314
                if event == "start":
                    parents.append(element)
                    if element.tag == f"{TABLE}table":
                        sheet = element.get(f"{TABLE}name", "")
                    continue
                parents.pop()
                if element.tag == tag:
                    yield sheet, element
                if element.tag.startswith(f"{TABLE}table-row"):
                    parents[-1].remove(element)  # all rows together would fill the memory


def _cells(row: Element) -> list[Any]:
    """Return the values of a row's cells, up to the last one that has a value."""
    cells: list[Any] = []
    blank_cells = 0
    for cell in row:
        count = int(cell.get(f"{TABLE}number-columns-repeated", 1))
        value = _value(cell) if cell.tag in CELLS else ""
        if value == "":
            blank_cells += count
        else:
            cells += [*repeat("", blank_cells), *repeat(value, count)]
            blank_cells = 0
    return cells


def _value(cell: Element) -> Any:
    kind = cell.get(f"{OFFICE}value-type")
    if kind in NUMBERS:
        return float(cell.get(f"{OFFICE}value", "nan"))
    if kind == "boolean":
        return cell.get(f"{OFFICE}boolean-value") == "true"
    if kind == "date":
        return cell.get(f"{OFFICE}date-value", "").replace("T", " ")
    if kind is None:
        return ""
    paragraphs = map(_text, cell.findall(f"{TEXT}p"))
    return cell.get(f"{OFFICE}string-value") or "\n".join(paragraphs)


def _text(element: Element) -> str:
    """Return the text of a paragraph, in which spaces, tabs and line breaks can be elements."""
    pieces = [element.text or ""]
    for child in element:
        if child.tag == f"{TEXT}s":
            pieces.append(" " * int(child.get(f"{TEXT}c", 1)))
        elif child.tag in {f"{TEXT}tab", f"{TEXT}line-break"}:
            pieces.append("\t" if child.tag == f"{TEXT}tab" else "\n")
        elif child.tag != f"{OFFICE}annotation":
            pieces.append(_text(child))
        pieces.append(child.tail or "")
    return "".join(pieces)
