"""Who may sign in: the people of the company, added by an administrator, each in one group that is their role."""

import aws_cdk as cdk
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from beforehand.api.access import Role
from infra.constructs.acknowledgements import acknowledge
from infra.stage import Stage

ACCESS_MINUTES = 15
REFRESH_HOURS = 12

ACKNOWLEDGED = {
    "AwsSolutions-COG2": "People sign in from a terminal, with a long password and no second factor.",
    "AwsSolutions-COG8": "The plus plan costs for each user and month; passwords are long, tokens short-lived.",
}


class Users(Construct):
    """The user pool, its groups, and the client through which the `beforehand` command signs in.

    A user's name in tokens is an id that Cognito makes, never the address.
    """

    def __init__(self, scope: Construct, id: str, *, stage: Stage) -> None:
        super().__init__(scope, id)
        self.pool = cognito.UserPool(
            self,
            "Pool",
            user_pool_name=stage.named("users"),
            self_sign_up_enabled=False,
            sign_in_aliases=cognito.SignInAliases(email=True),
            auto_verify=cognito.AutoVerifiedAttrs(email=True),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            mfa=cognito.Mfa.OFF,
            password_policy=cognito.PasswordPolicy(
                min_length=14,
                require_lowercase=True,
                require_uppercase=True,
                require_digits=True,
                require_symbols=True,
                temp_password_validity=cdk.Duration.days(3),
            ),
            deletion_protection=stage.keep_data,
            removal_policy=cdk.RemovalPolicy.RETAIN if stage.keep_data else cdk.RemovalPolicy.DESTROY,
        )
        for rank, role in enumerate(reversed(Role)):
            cognito.CfnUserPoolGroup(
                self,
                role.capitalize(),
                user_pool_id=self.pool.user_pool_id,
                group_name=role.value,
                precedence=rank,
                description=role.may,
            )
        self.client = cognito.UserPoolClient(
            self,
            "CommandLine",
            user_pool=self.pool,
            user_pool_client_name=stage.named("command-line"),
            generate_secret=False,
            # Why the password itself and not SRP: docs/decisions/0016-the-api.md.
            auth_flows=cognito.AuthFlow(user_password=True),
            disable_o_auth=True,
            access_token_validity=cdk.Duration.minutes(ACCESS_MINUTES),
            id_token_validity=cdk.Duration.minutes(ACCESS_MINUTES),
            refresh_token_validity=cdk.Duration.hours(REFRESH_HOURS),
            enable_token_revocation=True,
            prevent_user_existence_errors=True,
        )
        for rule, reason in ACKNOWLEDGED.items():
            acknowledge(self, rule, reason)

    @property
    def pool_id(self) -> str:
        """The pool's id."""
        return self.pool.user_pool_id

    @property
    def client_id(self) -> str:
        """The id of the command's client: the only one whose tokens the API takes."""
        return self.client.user_pool_client_id

    @property
    def issuer(self) -> str:
        """Who signs the tokens. Not by the pool's own attribute, which the local endpoint does not have."""
        return cdk.Fn.sub(
            "https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}/${Pool}", {"Pool": self.pool.user_pool_id}
        )
