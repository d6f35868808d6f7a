"""The import's own libraries are loaded when a file needs them, and not at its start."""

import subprocess
import sys

import pytest

LIBRARIES = ("pg8000", "botocore.session", "babel", "phonenumbers", "python_calamine")

PROGRAM = """
import sys
import functions.customers_import.handler
from beforehand.customers.columns import CUSTOMERS
{use}
print(*(name for name in {libraries!r} if name in sys.modules))
"""


@pytest.mark.parametrize(
    ("use", "more"),
    [
        ("", set()),
        ('CUSTOMERS["language"].read("hi")', {"babel"}),
        ('CUSTOMERS["phone"].read("+919876543210")', {"phonenumbers"}),
    ],
    ids=["at the start", "with a language", "with a phone number"],
)
def test_loads_what_a_file_needs_when_it_needs_it(use: str, more: set[str]) -> None:
    program = PROGRAM.format(use=use, libraries=LIBRARIES)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {"pg8000", "botocore.session"} | more
