"""The routes of imports: an address to put a file at, and what became of it."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal
from urllib.parse import quote
from uuid import UUID

from pydantic import Field, TypeAdapter

from beforehand.adapters.postgres import Row
from beforehand.adapters.s3 import S3Files
from beforehand.api.pages import Page, PageAsked, after, page
from beforehand.api.problems import FieldProblem, ProblemError, not_found
from beforehand.api.routes import Answer, Asked, Call, Routes
from beforehand.customers.columns import Kind
from beforehand.customers.imports_store import PostgresImportList
from beforehand.customers.mapping import ImportMapping, read_mapping
from beforehand.customers.sheet import UnreadableFileError
from beforehand.events.customers import import_mapping_file
from beforehand.ids import uuid7
from beforehand.names import Prefix

LARGEST_FILE = 1 << 30
ADDRESS_SECONDS = 900
MEDIA = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
BY_START = TypeAdapter(tuple[datetime, UUID])
routes = Routes()


class ImportPath(Asked):
    """Which import."""

    import_id: UUID


class ImportsAsked(PageAsked):
    """Which page of the imports."""


class NewImport(Asked):
    """A file that is about to be sent: what is in it, and how large it is to the byte."""

    kind: Kind
    form: Literal["csv", "xlsx"] = "csv"
    file_name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^/\\\x00-\x1f\x7f]+$")]
    bytes: Annotated[int, Field(ge=1, le=LARGEST_FILE)]
    mapping: dict[str, Any] | None = Field(default=None, description="As `beforehand import --mapping` takes it.")


class Upload(Answer):
    """Where to PUT the file, with exactly these headers, before the address ends."""

    import_id: UUID
    method: Literal["PUT"] = "PUT"
    url: str
    headers: dict[str, str]
    seconds: int


class Import(Answer):
    """One import and what it did. It begins when the file has arrived."""

    import_id: UUID
    file_name: str
    kind: Kind
    state: Literal["running", "done", "failed"]
    rows: int
    added: int
    changed: int
    unchanged: int
    refused_rows: int
    because: str
    uploaded_by: str | None
    started_at: datetime
    finished_at: datetime | None


class Refusal(Answer):
    """A row that was not taken, and how to mend it."""

    line: int
    column: str
    because: str


class ImportInFull(Import):
    """One import with the first rows that were refused."""

    refused: tuple[Refusal, ...]


@routes.add("POST /v1/imports", status=HTTPStatus.CREATED)
def begin_import(call: Call, body: NewImport) -> Upload:
    """Give an address to send a file to; it is imported as soon as it is there."""
    import_id = uuid7(call.now)
    key = f"{Prefix.IMPORTS}{body.kind}/{import_id}.{body.form}"
    files = S3Files(call.settings.files_bucket)
    if body.mapping is not None:
        files.write(import_mapping_file(key), _mapping(body))
    metadata = {"file-name": quote(body.file_name), "uploaded-by": call.caller.user}
    url = files.upload_address(
        key, size=body.bytes, media=MEDIA[body.form], metadata=metadata, seconds=ADDRESS_SECONDS
    )
    headers = {f"x-amz-meta-{name}": value for name, value in metadata.items()}
    asked = {"kind": body.kind, "form": body.form, "bytes": body.bytes, "mapped": body.mapping is not None}
    call.audit("import.ask", import_id, after=asked, because="a person asked for an address to send a file to")
    return Upload(
        import_id=import_id,
        url=url,
        headers={"content-type": MEDIA[body.form], "content-length": str(body.bytes), **headers},
        seconds=ADDRESS_SECONDS,
    )


@routes.add("GET /v1/imports")
def list_imports(call: Call, query: ImportsAsked) -> Page[Import]:
    """List imports, newest first."""
    found = PostgresImportList(call.transaction).page(after=after(query, BY_START), limit=query.limit + 1)
    return page(found, query, lambda row: Import(**row), lambda row: (row["started_at"], row["import_id"]))


@routes.add("GET /v1/imports/{import_id}")
def show_import(call: Call, path: ImportPath) -> ImportInFull:
    """Show one import with the rows that were refused; there is none before its file has arrived."""
    found = PostgresImportList(call.transaction).find(path.import_id)
    if found is None:
        raise not_found("import; it begins when its file has arrived")
    return ImportInFull(refused=_refused(found.pop("answer")), **found)


def _refused(answer: Row | None) -> tuple[Refusal, ...]:
    return tuple(Refusal(**one) for one in (answer or {}).get("refused", ()))


def _mapping(body: NewImport) -> ImportMapping:
    """The mapping, held to the same rules as the file of one. Raises the refusal that says what is wrong."""
    try:
        return read_mapping(TypeAdapter(dict[str, Any]).dump_json(body.mapping or {}), name="given")
    except UnreadableFileError as error:
        problem = [FieldProblem(field="mapping", problem=str(error))]
        raise ProblemError(
            status=HTTPStatus.UNPROCESSABLE_ENTITY, detail="The mapping does not fit.", errors=problem
        ) from None
