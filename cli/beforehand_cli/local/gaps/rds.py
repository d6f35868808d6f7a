"""RDS: an instance made by CloudFormation is reachable, and its managed master secret exists.

The emulator only records the instance. Here its endpoint is the gate in front of the embedded PostgreSQL, and
`ManageMasterUserPassword` makes the secret with user name and password that RDS would make and own.
"""

import json
import uuid
from functools import partial

from ministack.services import rds, secretsmanager

from beforehand_cli.local.errors import LocalError
from beforehand_cli.local.gaps.cloudformation import _HANDLERS, Attributes, Properties, amend
from beforehand_cli.local.settings import ADDRESS, EmulatorSettings

RESOURCE_TYPE = "AWS::RDS::DBInstance"


class LocalDatabaseDiffersError(LocalError):
    """{instance} wants {what} {wanted}, but the local database has {found}; name it so in the stack."""


def apply(settings: EmulatorSettings) -> None:
    """Point every instance at the gate and keep its secret."""
    amend(RESOURCE_TYPE, partial(_connect, settings))
    delete = _HANDLERS[RESOURCE_TYPE]["delete"]

    def delete_with_secret(instance_id: str, properties: Properties) -> None:
        secret = (rds._instances.get(instance_id) or {}).get("MasterUserSecret")
        delete(instance_id, properties)
        if secret is not None:
            secretsmanager._delete_secret({"SecretId": secret["SecretArn"], "ForceDeleteWithoutRecovery": True})

    _HANDLERS[RESOURCE_TYPE]["delete"] = delete_with_secret


def _connect(settings: EmulatorSettings, instance_id: str, attributes: Attributes, properties: Properties) -> None:
    wanted = properties.get("DBName")
    if wanted and wanted != settings.database_name:
        raise LocalDatabaseDiffersError(
            instance=instance_id, what="the database", wanted=wanted, found=settings.database_name
        )
    instance = rds._instances[instance_id]
    master = instance["MasterUsername"]
    instance["Endpoint"].update(Address=ADDRESS, Port=settings.database_port)
    attributes["Endpoint.Address"] = ADDRESS
    attributes["Endpoint.Port"] = str(settings.database_port)
    if str(properties.get("ManageMasterUserPassword", "")).lower() == "true":
        if master != settings.master_user:
            raise LocalDatabaseDiffersError(
                instance=instance_id, what="the master", wanted=master, found=settings.master_user
            )
        if "MasterUserSecret" not in instance:
            instance["MasterUserSecret"] = _make_secret(settings, properties)
        attributes["MasterUserSecret.SecretArn"] = instance["MasterUserSecret"]["SecretArn"]


def _make_secret(settings: EmulatorSettings, properties: Properties) -> Properties:
    key = (properties.get("MasterUserSecret") or {}).get("KmsKeyId", "alias/aws/secretsmanager")
    password = settings.master_password_file.read_text(encoding="utf-8")
    status, _, body = secretsmanager._create_secret(
        {
            "Name": f"rds!db-{uuid.uuid4()}",
            "Description": "The secret associated with the primary RDS DB instance",
            "KmsKeyId": key,
            "SecretString": json.dumps({"username": settings.master_user, "password": password}),
        }
    )
    if status != 200:
        raise ValueError(body.decode())
    return {"SecretArn": json.loads(body)["ARN"], "SecretStatus": "active", "KmsKeyId": key}
