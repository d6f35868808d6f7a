"""Has the memory of customers written to the files bucket, and fetches it from there."""

from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from beforehand.errors import BeforehandError
from beforehand.events import CustomerId
from beforehand.events.churn import MemoryExported, MemoryRequested, memory_file
from beforehand_cli.deployment import Deployment

AT_ONCE = 200


class NoCustomerIdError(BeforehandError):
    """What was named cannot be the id of a customer."""

    def __init__(self, given: str) -> None:
        super().__init__(
            f"{given!r} is no id of a customer: letters, digits, dots, dashes and underscores, at most 64"
        )


class ExportFailedError(BeforehandError):
    """The function that writes the memory ended with an error."""


def export(
    deployment: Deployment, customers: tuple[str, ...], *, to: Path, progress: Callable[[int], None]
) -> MemoryExported:
    """Writes a file for each customer who is named, or for everybody; `progress` hears how many there are so far.

    Raises NoCustomerIdError and ExportFailedError.
    """
    s3, bucket = deployment.client("s3"), deployment.outputs["FilesBucket"]
    to.mkdir(parents=True, exist_ok=True)
    written: list[str] = []
    nothing: list[str] = []
    lines = 0
    for answer in _answers(deployment, customers):
        for customer_id in answer.customers:
            s3.download_file(bucket, memory_file(customer_id), str(to / f"{customer_id}.jsonl"))
        written += answer.customers
        nothing += answer.nothing
        lines += answer.lines
        progress(len(written))
    return MemoryExported(customers=tuple(written), nothing=tuple(nothing), lines=lines, next_after=None)


def _answers(deployment: Deployment, customers: tuple[str, ...]) -> Iterator[MemoryExported]:
    """The function's answers, a part of the customers at a time."""
    if customers:
        checked = tuple(map(_checked, dict.fromkeys(customers)))
        for at in range(0, len(checked), AT_ONCE):
            yield _ask(deployment, MemoryRequested(customer_ids=checked[at : at + AT_ONCE]))
        return
    answer = _ask(deployment, MemoryRequested())
    yield answer
    while answer.next_after is not None:
        answer = _ask(deployment, MemoryRequested(after=answer.next_after))
        yield answer


def _ask(deployment: Deployment, request: MemoryRequested) -> MemoryExported:
    answer = deployment.client("lambda").invoke(
        FunctionName=deployment.function("churn_export"), Payload=request.model_dump_json().encode()
    )
    body = answer["Payload"].read()
    if "FunctionError" in answer:
        raise ExportFailedError("churn_export ended with an error; its log says where")
    return MemoryExported.model_validate_json(body)


def _checked(given: str) -> str:
    try:
        return TypeAdapter(CustomerId).validate_python(given)
    except ValidationError as error:
        raise NoCustomerIdError(given) from error
