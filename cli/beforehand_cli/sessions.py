"""Who is signed in, for each stage: tokens in a file that its owner alone can read, renewed when they run out."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import typer
from botocore import UNSIGNED
from botocore.config import Config
from pydantic import BaseModel, ConfigDict, ValidationError

from beforehand.clock import now
from beforehand.errors import BeforehandError
from beforehand_cli import project
from beforehand_cli.deployment import LOCAL, Deployment
from beforehand_cli.local.admin import EMAIL
from beforehand_cli.local.state import StateDirectory, write_atomically

EARLY = timedelta(seconds=60)
AskPassword = Callable[[], str]


class NotSignedInError(BeforehandError):
    """Nobody is signed in, or the sign-in has run out."""

    def __init__(self, stage: str) -> None:
        where = "" if stage == LOCAL else f" --stage {stage}"
        super().__init__(f"Nobody is signed in to the stage {stage}; sign in with: beforehand login{where}")


class SignInRefusedError(BeforehandError):
    """Cognito did not take the address with this password."""


class Place(BaseModel):
    """Where a stage is signed in to: what its stacks say, or what an administrator told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api: str
    client_id: str
    region: str


class Session(BaseModel):
    """One sign-in."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    user: str
    place: Place
    access_token: str
    refresh_token: str
    until: datetime


class Sessions:
    """The sign-in of one stage."""

    def __init__(self, deployment: Deployment, place: Place | None = None) -> None:
        """`place` is for those who have no AWS credentials to ask the stacks with."""
        self._deployment = deployment
        self._given = place

    @property
    def file(self) -> Path:
        """Where the tokens are: with the local state, or in the user's own folder for what is in AWS."""
        if self._deployment.stage == LOCAL:
            return StateDirectory.of(project.root()).session
        return Path(typer.get_app_dir("beforehand")) / f"session-{self._deployment.stage}.json"

    def current(self) -> Session:
        """The sign-in, renewed if it was about to end; here on this machine, made if there is none.

        Raises NotSignedInError.
        """
        try:
            session = Session.model_validate_json(self.file.read_bytes())
        except (FileNotFoundError, ValidationError):
            return self.by_itself()
        if not self._is_here(session):
            return self.by_itself()
        return session if session.until - EARLY > now() else self._renew(session)

    def sign_in(self, email: str, password: str, new_password: AskPassword) -> Session:
        """Signs in; who has a temporary password is asked for one to stay with. Raises SignInRefusedError."""
        place = self._place()
        cognito = self._cognito(place)
        refused = (cognito.exceptions.NotAuthorizedException, cognito.exceptions.UserNotFoundException)
        try:
            answer = cognito.initiate_auth(
                ClientId=place.client_id,
                AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": email, "PASSWORD": password},
            )
            if answer.get("ChallengeName") == "NEW_PASSWORD_REQUIRED":
                chosen = new_password()
                if chosen in ("", password):
                    raise SignInRefusedError("The password to stay with must not be the temporary one.")
                answer = cognito.respond_to_auth_challenge(
                    ClientId=place.client_id,
                    ChallengeName="NEW_PASSWORD_REQUIRED",
                    Session=answer["Session"],
                    ChallengeResponses={"USERNAME": email, "NEW_PASSWORD": chosen},
                )
        except refused as error:
            raise SignInRefusedError(f"{error.response['Error']['Message']} Nobody was signed in.") from None
        except cognito.exceptions.InvalidPasswordException as error:
            raise SignInRefusedError(f"{error.response['Error']['Message']}. Sign in again.") from None
        result = answer["AuthenticationResult"]
        return self._keep(email, place, result, result["RefreshToken"])

    def sign_out(self) -> bool:
        """Ends the sign-in here and at Cognito; False when nobody was signed in."""
        try:
            session = Session.model_validate_json(self.file.read_bytes())
        except (FileNotFoundError, ValidationError):
            self.file.unlink(missing_ok=True)
            return False
        self.file.unlink()
        cognito = self._cognito(session.place)
        cognito.revoke_token(Token=session.refresh_token, ClientId=session.place.client_id)
        return True

    def _renew(self, session: Session) -> Session:
        cognito = self._cognito(session.place)
        try:
            answer = cognito.initiate_auth(
                ClientId=session.place.client_id,
                AuthFlow="REFRESH_TOKEN_AUTH",
                AuthParameters={"REFRESH_TOKEN": session.refresh_token},
            )
        except (cognito.exceptions.NotAuthorizedException, cognito.exceptions.UserNotFoundException):
            return self.by_itself()
        return self._keep(session.user, session.place, answer["AuthenticationResult"], session.refresh_token)

    def by_itself(self) -> Session:
        """Signs the local admin in with the password that `up` made; anywhere else a person must."""
        if self._deployment.stage != LOCAL:
            raise NotSignedInError(self._deployment.stage)
        kept = StateDirectory.of(project.root()).admin_password
        if not kept.is_file():
            raise NotSignedInError(LOCAL)
        password = kept.read_text(encoding="utf-8")
        return self.sign_in(EMAIL, password, lambda: password)

    def _keep(self, user: str, place: Place, result: dict[str, Any], refresh_token: str) -> Session:
        session = Session(
            user=user,
            place=place,
            access_token=result["AccessToken"],
            refresh_token=refresh_token,
            until=now() + timedelta(seconds=result["ExpiresIn"]),
        )
        self.file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self.file, session.model_dump_json(), mode=0o600)
        return session

    def _is_here(self, session: Session) -> bool:
        """Whether the sign-in is at what runs here now, and not at a stack that was removed since."""
        return self._deployment.stage != LOCAL or session.place == self._place()

    def _place(self) -> Place:
        if self._given is not None:
            return self._given
        outputs = self._deployment.outputs
        region = self._deployment.client("cognito-idp").meta.region_name
        return Place(api=self._deployment.api, client_id=outputs["UserPoolClient"], region=region)

    def _cognito(self, place: Place) -> Any:
        """Signing in is asked without credentials: who has none can use the API too."""
        if self._deployment.stage == LOCAL:
            return self._deployment.client("cognito-idp")
        return boto3.client("cognito-idp", region_name=place.region, config=Config(signature_version=UNSIGNED))
