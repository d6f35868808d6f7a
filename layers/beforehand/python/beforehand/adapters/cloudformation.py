"""Answers CloudFormation about a resource of our own."""

from urllib.request import Request, urlopen

from beforehand.events.database import CustomResourceAnswer

ANSWER_SECONDS = 30


class CloudFormationAnswers:
    """Puts the answer where CloudFormation asked for it: a signed address in S3."""

    def answer(self, url: str, answer: CustomResourceAnswer) -> None:
        """Sends the answer. Raises urllib's HTTPError when it is not taken."""
        body = answer.model_dump_json().encode()
        # The signature covers an empty content type, so none may be sent.
        request = Request(url, data=body, method="PUT", headers={"Content-Type": ""})  # noqa: S310
        with urlopen(request, timeout=ANSWER_SECONDS) as response:  # noqa: S310
            response.read()
