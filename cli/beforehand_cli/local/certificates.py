"""The local certificate authority, so that TLS to the database is verified here as it is in AWS."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from beforehand_cli.local.state import write_atomically

AUTHORITY_LIFE = timedelta(days=3650)
SERVER_LIFE = timedelta(days=397)
RENEW_BEFORE = timedelta(days=30)
SERVER_NAMES = ("localhost", "127.0.0.1")


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerCertificate:
    """Where a server finds its certificate and key, and its clients the authority to trust."""

    certificate: Path
    key: Path
    authority: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pair:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def ensure_certificates(
    directory: Path, *, authority: Path, as_of: datetime, names: tuple[str, ...] = SERVER_NAMES
) -> ServerCertificate:
    """Make the authority and a certificate for `names`, unless there are ones good for 30 more days."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = ServerCertificate(
        certificate=directory / "server.pem", key=directory / "server-key.pem", authority=authority
    )
    authority_key = directory / "authority-key.pem"
    wanted = [authority, authority_key, paths.certificate, paths.key]
    if all(path.exists() for path in wanted) and _is_good(paths, as_of=as_of):
        return paths
    root = _make_authority(as_of)
    server = _make_server(root, names, as_of)
    _write_pair(root, certificate=authority, key=authority_key)
    _write_pair(server, certificate=paths.certificate, key=paths.key)
    return paths


def _is_good(paths: ServerCertificate, *, as_of: datetime) -> bool:
    certificate = x509.load_pem_x509_certificate(paths.certificate.read_bytes())
    issuer = x509.load_pem_x509_certificate(paths.authority.read_bytes())
    return certificate.issuer == issuer.subject and certificate.not_valid_after_utc > as_of + RENEW_BEFORE


def _make_authority(as_of: datetime) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    title = f"Beforehand local authority {x509.random_serial_number() % 2**64:x}"
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title)])
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        _builder(name, name, key.public_key(), as_of, AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    return _Pair(certificate=certificate, key=key)


def _make_server(root: _Pair, names: tuple[str, ...], as_of: datetime) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    certificate = (
        _builder(subject, root.certificate.subject, key.public_key(), as_of, SERVER_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root.key.public_key()), critical=False)
        .sign(root.key, hashes.SHA256())
    )
    return _Pair(certificate=certificate, key=key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, as_of: datetime, life: timedelta
) -> x509.CertificateBuilder:
    start = as_of.astimezone(UTC) - timedelta(minutes=5)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write_pair(pair: _Pair, *, certificate: Path, key: Path) -> None:
    private = pair.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_atomically(key, private.decode(), mode=0o600)
    write_atomically(certificate, pair.certificate.public_bytes(serialization.Encoding.PEM).decode(), mode=0o644)
