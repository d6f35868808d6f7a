"""Beforehand: decides which customers to contact and when, before they leave, lapse or complain."""

import gc
import os

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    # What a start makes is there to stay; looking for garbage in it finds none and is a tenth of the start.
    # `entrypoint.task` begins to look again.
    gc.disable()
