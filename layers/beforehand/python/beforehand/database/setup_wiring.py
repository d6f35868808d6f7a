"""Puts `database_setup` together: the half that talks to AWS and never to the database."""

from beforehand.adapters.cloudformation import CloudFormationAnswers
from beforehand.adapters.lambda_functions import LambdaMigrator
from beforehand.adapters.secrets_manager import MasterSecret
from beforehand.database import setup
from beforehand.events.database import CustomResourceAnswer, CustomResourceRequest
from beforehand.settings import from_environment
from beforehand.settings.database import DatabaseSetupSettings


def fulfil(request: CustomResourceRequest) -> CustomResourceAnswer:
    """Prepares the database for CloudFormation."""
    settings = from_environment(DatabaseSetupSettings)
    return setup.fulfil(
        request,
        migrator=LambdaMigrator(settings.migrate_function),
        secret=MasterSecret(settings.master_secret),
        cloudformation=CloudFormationAnswers(),
    )
