"""Language models of Amazon Bedrock, through its Converse API. One question is one call, never repeated."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, ReadTimeoutError

from beforehand.adapters.aws import client
from beforehand.ai import Answer, NoAnswerError, Question

ANSWER_SECONDS = 20

REASONS = {
    "AccessDeniedException": "access to the model is denied",
    "ThrottlingException": "the model is asked too often",
    "ServiceQuotaExceededException": "the quota of the model is used up",
    "ModelTimeoutException": "the model took too long",
    "ModelNotReadyException": "the model is not ready",
    "ModelErrorException": "the model failed",
    "InternalServerException": "Bedrock failed",
    "ServiceUnavailableException": "Bedrock is not available",
    "ValidationException": "Bedrock refused the request",
    "ResourceNotFoundException": "there is no such model",
}
"""Why there is no answer, by the error's name. Its text is left out: it may quote the request."""

UNREADABLE = "Bedrock's answer cannot be read"


class BedrockModel:
    """One model or inference profile, with its guardrail (`id:version`) if there is one."""

    def __init__(
        self,
        model: str,
        *,
        region: str | None = None,
        guardrail: str | None = None,
        max_tokens: int = 600,
        seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._model = model
        self._region = region
        self._guardrail = guardrail
        self._max_tokens = max_tokens
        self._seconds = seconds

    @property
    def name(self) -> str:
        """The model's id, or the last part of its ARN."""
        return self._model.rpartition("/")[2]

    def ask(self, question: Question) -> Answer:
        """Its answer. Raises NoAnswerError."""
        bedrock = client("bedrock-runtime", read_seconds=self._seconds, attempts=1, region=self._region)
        try:
            said = bedrock.converse(**self._request(question))
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            raise NoAnswerError(REASONS.get(code, "Bedrock answered with an error")) from None
        except (ReadTimeoutError, ConnectTimeoutError):
            raise NoAnswerError("the model took too long") from None
        except BotoCoreError as error:
            raise NoAnswerError(f"Bedrock was not reached ({type(error).__name__})") from None
        except ValueError:
            raise NoAnswerError(UNREADABLE) from None
        if "stopReason" not in said:
            raise NoAnswerError(UNREADABLE)
        return _answer(said, question.tool)

    def _request(self, question: Question) -> Mapping[str, Any]:
        schema = {"json": question.schema}
        tool = {"toolSpec": {"name": question.tool, "description": question.purpose, "inputSchema": schema}}
        request: dict[str, Any] = {
            "modelId": self._model,
            "system": [{"text": question.instructions}],
            "messages": [{"role": "user", "content": [{"text": question.facts}]}],
            "inferenceConfig": {"maxTokens": self._max_tokens, "temperature": 0.2},
            "toolConfig": {"tools": [tool], "toolChoice": {"tool": {"name": question.tool}}},
        }
        if self._guardrail:
            guardrail, _, version = self._guardrail.partition(":")
            request["guardrailConfig"] = {"guardrailIdentifier": guardrail, "guardrailVersion": version}
        return request


def _answer(said: Mapping[str, Any], tool: str) -> Answer:
    content = ((said.get("output") or {}).get("message") or {}).get("content") or []
    uses = [block["toolUse"] for block in content if "toolUse" in block]
    usage = said.get("usage") or {}
    return Answer(
        stopped=said["stopReason"],
        # Two calls of the tool at once are two answers to one question: neither is taken.
        given=uses[0].get("input") if len(uses) == 1 and uses[0].get("name") == tool else None,
        input_tokens=int(usage.get("inputTokens", 0)),
        output_tokens=int(usage.get("outputTokens", 0)),
    )
