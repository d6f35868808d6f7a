"""Opens a file by what it is, not by what it is called: text, or an Excel file."""

import io
from typing import Any

from beforehand.customers.columns import Kind
from beforehand.customers.mapping import ImportMapping
from beforehand.customers.recognise import how_many
from beforehand.customers.sheet import Sheet, UnreadableFileError
from beforehand.customers.text_sheet import TextSheet

ZIP = b"PK\x03\x04"
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def open_sheet(stream: "io.BufferedReader[Any]", kind: Kind, mapping: ImportMapping) -> Sheet:
    """The rows of a file. Raises UnreadableFileError."""
    start = stream.peek(8)[:8]
    if start.startswith(ZIP):
        from beforehand.customers.excel_sheet import ExcelSheet  # noqa: PLC0415 - loaded when a file is Excel's

        return ExcelSheet(stream, mapping.file)
    if start.startswith(OLD_OFFICE):
        raise UnreadableFileError(
            "this is an Excel file of the old kind (.xls), or one with a password; save it as .xlsx without one"
        )
    named = {source.column for source in mapping.columns.values()}
    return TextSheet(
        stream,
        mapping.file,
        lambda header: sum(name in named for name in header) if named else how_many(header, kind),
    )
