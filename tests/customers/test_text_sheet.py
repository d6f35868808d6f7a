"""Text files as people have them: other signs between cells, other encodings, marks, cut ends, endless cells."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from beforehand.customers.mapping import ImportMapping
from beforehand.customers.sheet import UnreadableFileError
from tests.customers.files import sheet


def rows(content: str | bytes, **facts: object) -> list[tuple[int, list[str]]]:
    mapping = ImportMapping.model_validate({"file": facts})
    return [(line, list(cells)) for line, cells, _ in sheet(content, "customers", mapping)]


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_finds_what_separates_the_cells(sign: str) -> None:
    content = (
        f"customer_id{sign}name\nC1{sign}Smith, Jones & Co\n" if sign != "," else "customer_id,name\nC1,Asha\n"
    )
    opened = sheet(content, "customers")
    assert opened.header == ("customer_id", "name")
    assert [next(iter(cells)) for _, cells, _ in opened] == ["C1"]
    assert bool(opened.about) == (sign != ",")


def test_a_header_of_one_column_with_a_comma_in_quotes_is_one_column() -> None:
    assert sheet('"customer_id"\nC1\n', "customers").header == ("customer_id",)


def test_white_space_and_no_header_when_the_mapping_says_so() -> None:
    opened = rows(
        " 00001 20210101  1   11.77\n\n 00002 20210112  1   12.00\n", delimiter="white space", header=False
    )
    assert opened == [(1, ["00001", "20210101", "1", "11.77"]), (2, []), (3, ["00002", "20210112", "1", "12.00"])]


@pytest.mark.parametrize(
    "content",
    [
        "customer_id,name\nC1,José\n".encode("utf-8-sig"),
        "customer_id,name\nC1,José\n".encode("utf-16"),
        b"\xfe\xff" + "customer_id,name\nC1,José\n".encode("utf-16-be"),
        "customer_id,name\r\nC1,José\r\n".encode(),
        "customer_id,name\rC1,José\r".encode(),
    ],
    ids=[
        "mark of utf-8",
        "mark of utf-16",
        "mark of utf-16, big end first",
        "lines of Windows",
        "lines of old Macs",
    ],
)
def test_byte_order_marks_and_line_ends_make_no_difference(content: bytes) -> None:
    opened = sheet(content, "customers")
    assert opened.header == ("customer_id", "name")
    assert [(line, list(cells)) for line, cells, _ in opened] == [(2, ["C1", "José"])]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16-le", "utf-16"])
def test_reads_the_encoding_that_the_mapping_names(encoding: str) -> None:
    assert rows("customer_id,name\nC1,José\n".encode(encoding), encoding=encoding) == [(2, ["C1", "José"])]


@pytest.mark.parametrize(
    ("content", "facts", "told"),
    [
        (b"", {}, "the file is empty"),
        (b"\n\n \n", {}, "the file is empty"),
        (b"\xef\xbb\xbf", {}, "the file is empty"),
        ("customer_id\nC1\n".encode("utf-16-le"), {}, 'not UTF-8 text; save it as UTF-8, or .* "utf-16-le"'),
        ("customer_id,größe\n".encode("cp1252"), {}, "the header is not UTF-8; .*cp1252"),
        ("customer_id\nC1\nC".encode("utf-16")[:-1], {}, "after line 2 stands what is not utf-16 .truncated data"),
        (b'customer_id,name\nC1,"Be"n\n', {}, "line 2: .*check the quotes"),
        (b'customer_id,name\nC1,Asha\nC2,"Ben\n', {}, "line 3: unexpected end of data"),
        (b'customer_id,name\nC1,"' + b"x\n" * 600_000, {}, "line 2: a quote opens here that is not closed"),
        (b'customer_id,name\nC1,"' + b"x" * 1_200_000, {}, "line 2: a quote is not closed within"),
        (b"x" * 1_200_000, {}, "the header has more than"),
    ],
)
def test_refuses_what_has_no_structure_and_says_where(content: bytes, facts: dict[str, object], told: str) -> None:
    with pytest.raises(UnreadableFileError, match=told):
        rows(content, **facts)


@pytest.mark.parametrize("cell", ["x" * 1_500_000, '"' + "x, y" * 300_000 + '"'])
def test_a_line_without_end_is_passed_over_and_names_its_longest_cell(cell: str) -> None:
    opened = sheet(f"customer_id,name,email\nC1,a,\nC2,{cell},\nC3,b,\n", "customers")
    read = [(line, list(cells)[:2], dict(flaws)) for line, cells, flaws in opened]
    assert read[0] == (2, ["C1", "a"], {})
    assert read[1][0] == 3
    assert list(read[1][2]) == [1]
    assert "more than 1,000,000 characters" in read[1][2][1]
    assert read[2] == (4, ["C3", "b"], {})


def test_says_that_the_last_line_does_not_end() -> None:
    opened = sheet("customer_id,name\nC1,Asha\nC2,Be", "customers")
    assert [list(cells) for _, cells, _ in opened] == [["C1", "Asha"], ["C2", "Be"]]
    assert "line 3 is the last and does not end" in opened.about[0]


ENDLESS = """
import resource, sys
from tests.customers.files import sheet

def lines():
    yield "customer_id,name\\nC1,"
    for _ in range(50):
        yield sys.argv[1] * 1_000_000
    yield "\\nC2,Ben\\n"

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    print([(line, list(cells)) for line, cells, flaws in sheet(lines(), "customers")])
except ValueError as error:
    print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize("sign", ["x", ",", '"', "€"])
def test_a_cell_of_fifty_megabytes_takes_no_memory(sign: str) -> None:
    done = subprocess.run([sys.executable, "-c", ENDLESS, sign], capture_output=True, text=True, check=True)
    *told, grown = done.stdout.splitlines()
    assert told == ["[(2, []), (3, ['C2', 'Ben'])]"]
    assert int(grown) < 20, grown


def test_the_lines_are_read_one_by_one() -> None:
    drawn = 0

    def lines() -> Iterator[str]:
        nonlocal drawn
        yield "customer_id\n"
        for number in range(1_000_000):
            drawn += 1
            yield f"C{number}\n"

    assert next(iter(sheet(lines(), "customers")))[0] == 2
    assert drawn < 10_000
