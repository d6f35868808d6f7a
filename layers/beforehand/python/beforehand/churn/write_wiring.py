"""Puts `churn_write` together; it knows the files bucket and no database."""

from beforehand.adapters.bedrock import BedrockModel
from beforehand.adapters.s3 import S3Files
from beforehand.churn import writing
from beforehand.churn.model_writing import ModelWriter
from beforehand.churn.templates import TemplateWriter
from beforehand.events.churn import MessageRequested, MessageWritten
from beforehand.settings import from_environment
from beforehand.settings.churn import ChurnWriteSettings


def write(request: MessageRequested) -> MessageWritten:
    """Writes the message for one customer, signed by the company."""
    settings = from_environment(ChurnWriteSettings)
    files = S3Files(settings.files_bucket)
    return writing.write(request, files=files, writer=_writer(settings, files), company=settings.company_name)


def _writer(settings: ChurnWriteSettings, files: S3Files) -> writing.Writer:
    """The templates; a model with the templates behind it where the stage names one."""
    templates = TemplateWriter(settings.company_name)
    if settings.bedrock_model is None:
        return templates
    model = BedrockModel(
        settings.bedrock_model,
        region=settings.bedrock_region,
        guardrail=settings.bedrock_guardrail,
        max_tokens=settings.bedrock_max_tokens,
    )
    return ModelWriter(model, templates=templates, files=files, company=settings.company_name)
