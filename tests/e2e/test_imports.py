"""Files as people upload them, through the deployed stacks: command, S3, EventBridge, function, answer."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from beforehand.events.customers import ImportFinished, import_result_file
from beforehand_cli.uploads import read_if_there
from tests.customers.files import excel
from tests.installation import Installation


def load(installation: Installation, file: Path, kind: str = "customers", *more: str) -> tuple[int, ImportFinished]:
    done = installation.command("import", kind, str(file), "--json", *more, seconds=300)
    assert done.stdout, done.stderr
    return done.returncode, ImportFinished.model_validate_json(done.stdout)


def last(installation: Installation) -> dict[str, object]:
    row = installation.rows(
        """select state, file_name, key, because, uploaded_by from customers_v_imports
           order by started_at desc limit 1"""
    )[0]
    return dict(zip(("state", "file_name", "key", "because", "uploaded_by"), row, strict=True))


def test_an_excel_file_is_imported_with_its_mapping(installation: Installation, tmp_path: Path) -> None:
    file, mapping = tmp_path / "Kundinnen ✓.xlsx", tmp_path / "m.json"
    file.write_bytes(excel([("Nr", "Telefon"), ("X1", "030 901820"), ("X2", "12"), ("X3", None)], title="2025"))
    mapping.write_text(
        json.dumps({
            "file": {"sheet": "2025"},
            "columns": {"customer_id": "Nr", "phone": "Telefon", "country": {"constant": "DE"}},
        }),
        encoding="utf-8",
    )  # fmt: skip
    status, answer = load(installation, file, "customers", "--mapping", str(mapping))
    assert (status, answer.added, answer.refused_rows) == (3, 2, 1)
    assert [(r.line, r.column) for r in answer.refused] == [(3, "phone")]
    assert installation.rows("select phone, country from customers where customer_id = 'X1'") == [
        ["+4930901820", "DE"]
    ]
    entry = last(installation)
    assert (entry["state"], entry["file_name"]) == ("done", "Kundinnen ✓.xlsx")
    assert entry["uploaded_by"]


def _bomb() -> bytes:
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(excel([("customer_id",)]))) as old,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name) + b" " * (150_000_000 if "sheet1" in name else 0))
    return written.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("bomb.xlsx", _bomb, "more than 100 MB when it is unpacked; save the sheet as CSV"),
        ("cut.xlsx", lambda: excel([("customer_id",), ("X9",)])[:-200], "damaged or was cut"),
        ("empty.csv", lambda: b"", "the file is empty"),
        ("quotes.csv", lambda: b'customer_id,name\nX9,"Asha\n', "line 2"),
        ("old.csv", lambda: "customer_id\nX9\n".encode("utf-16-le"), "utf-16-le"),
    ],
)
def test_a_file_that_cannot_be_read_is_answered_and_takes_nothing(
    installation: Installation, tmp_path: Path, name: str, content: object, told: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content())  # type: ignore[operator]
    status, answer = load(installation, file)
    assert (status, answer.status) == (1, "failed")
    assert told in answer.because
    assert (last(installation)["state"], last(installation)["because"]) == ("failed", answer.because)
    assert installation.rows("select 1 from customers where customer_id = 'X9'") == []


def test_only_a_header_is_no_row_and_no_harm(installation: Installation, tmp_path: Path) -> None:
    file = tmp_path / "header.csv"
    file.write_text("customer_id,nps\n", encoding="utf-8")
    status, answer = load(installation, file)
    assert (status, answer.rows, answer.status) == (0, 0, "done")


def test_a_cell_of_a_hundred_megabytes_is_refused_and_its_neighbours_go_in(
    installation: Installation, tmp_path: Path
) -> None:
    file = tmp_path / "huge.csv"
    with file.open("w", encoding="utf-8") as text:
        text.write("customer_id,name\nX11,Asha\nX12,")
        for _ in range(100):
            text.write("x" * 1_000_000)
        text.write("\nX13,Ben\n")
    status, answer = load(installation, file)
    assert (status, answer.rows, answer.added) == (3, 3, 2)
    assert [(r.line, r.column) for r in answer.refused] == [(3, "name")]


def test_a_second_delivery_of_an_upload_is_answered_the_same(installation: Installation, tmp_path: Path) -> None:
    file = tmp_path / "again.csv"
    file.write_text("customer_id,nps\nX21,7\n", encoding="utf-8")
    _, answer = load(installation, file)
    installation.rows("update customers set nps = 1 where customer_id = 'X21' returning nps")
    event = json.dumps({
        "id": "1", "time": "2026-01-15T09:00:00Z",
        "detail": {"bucket": {"name": "any"}, "object": {"key": answer.file}},
    })  # fmt: skip
    again = installation.deployment.client("lambda").invoke(
        FunctionName=installation.deployment.function("customers_import"), Payload=event.encode()
    )
    assert ImportFinished.model_validate_json(again["Payload"].read()) == answer


def test_an_upload_that_is_never_completed_starts_nothing(installation: Installation, tmp_path: Path) -> None:
    s3, bucket = installation.deployment.client("s3"), installation.deployment.outputs["FilesBucket"]
    place = {"Bucket": bucket, "Key": "imports/customers/0199b5c5-0000-7000-8000-000000000000.csv"}
    upload = s3.create_multipart_upload(**place)["UploadId"]
    s3.upload_part(**place, UploadId=upload, PartNumber=1, Body=b"customer_id\nX31\n")
    file = tmp_path / "next.csv"
    file.write_text("customer_id\nX32\n", encoding="utf-8")
    assert load(installation, file)[0] == 0
    s3.abort_multipart_upload(**place, UploadId=upload)
    assert read_if_there(s3, bucket, import_result_file(place["Key"])) is None
    assert installation.rows("select 1 from customers_imports where key = :key", key=place["Key"]) == []
