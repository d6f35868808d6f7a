"""The local authority and the certificate of the database gate."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from beforehand_cli.local.certificates import ServerCertificate, ensure_certificates

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def made(folder: Path, as_of: datetime = NOW) -> ServerCertificate:
    return ensure_certificates(folder, authority=folder / "authority.pem", as_of=as_of)


def test_the_server_is_named_as_it_is_reached(tmp_path: Path) -> None:
    certificate = x509.load_pem_x509_certificate(made(tmp_path).certificate.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(a) for a in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]


def test_the_authority_signed_it(tmp_path: Path) -> None:
    paths = made(tmp_path)
    server, root = (
        x509.load_pem_x509_certificate(path.read_bytes()) for path in (paths.certificate, paths.authority)
    )
    server.verify_directly_issued_by(root)


def test_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    assert made(tmp_path).key.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "authority-key.pem").stat().st_mode & 0o777 == 0o600


def test_good_ones_are_kept(tmp_path: Path) -> None:
    first = made(tmp_path).certificate.read_bytes()
    assert made(tmp_path, NOW + timedelta(days=300)).certificate.read_bytes() == first


def test_ones_that_end_soon_are_made_again(tmp_path: Path) -> None:
    first = made(tmp_path).certificate.read_bytes()
    assert made(tmp_path, NOW + timedelta(days=380)).certificate.read_bytes() != first
