"""Each function loads what it uses and no more: what is loaded is paid for at every cold start."""

import subprocess
import sys

import pytest

TECHNOLOGIES = ("pg8000", "botocore.session", "jinja2", "babel")


@pytest.mark.parametrize(
    ("function", "loaded"),
    [
        ("churn_score", {"pg8000"}),
        ("churn_select", {"pg8000"}),
        ("churn_brief", {"pg8000", "botocore.session"}),
        ("churn_write", {"botocore.session", "jinja2", "babel"}),
        ("churn_propose", {"pg8000", "botocore.session"}),
        ("churn_export", {"pg8000", "botocore.session"}),
    ],
)
def test_a_function_loads_only_what_it_uses(function: str, loaded: set[str]) -> None:
    program = f"import sys, functions.{function}.handler; print(*(n for n in {TECHNOLOGIES!r} if n in sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == loaded
