"""Runs while the stacks are deployed: prepares the database and answers CloudFormation."""

from beforehand.database.setup_wiring import fulfil
from beforehand.entrypoint import task
from beforehand.events.database import CustomResourceRequest

handler = task(CustomResourceRequest, fulfil)
