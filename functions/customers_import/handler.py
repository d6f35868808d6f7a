"""Runs when a file arrives under `imports/` in the files bucket: imports it and leaves the answer beside it."""

from beforehand.customers.wiring import import_upload
from beforehand.entrypoint import task
from beforehand.events.customers import FileUploaded

handler = task(FileUploaded, import_upload)
