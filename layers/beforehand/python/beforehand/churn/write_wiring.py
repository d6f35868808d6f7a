"""Puts `churn_write` together; it knows the files bucket and no database."""

from beforehand.adapters.s3 import S3Files
from beforehand.churn import writing
from beforehand.churn.templates import TemplateWriter
from beforehand.events.churn import MessageRequested, MessageWritten
from beforehand.settings import from_environment
from beforehand.settings.churn import ChurnWriteSettings


def write(request: MessageRequested) -> MessageWritten:
    """Writes the message for one customer, signed by the company."""
    settings = from_environment(ChurnWriteSettings)
    return writing.write(
        request,
        files=S3Files(settings.files_bucket),
        writer=TemplateWriter(settings.company_name),
        company=settings.company_name,
    )
