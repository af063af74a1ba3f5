"""Certificates of a small authority that only the tests trust."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


class FakeAuthority:
    """Signs certificates; `folder` is where their files go."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "the tests")])
        now = datetime.now(UTC)
        builder = _builder(self._name, self._name, self._key, now - 9 * DAY, now + 9 * DAY)
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        self._certificate = builder.add_extension(constraints, critical=True).sign(
            self._key, hashes.SHA256()
        )

    @property
    def certificate(self) -> str:
        """Its own certificate, in PEM."""
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def client(self) -> ssl.SSLContext:
        """For one who trusts this authority and nobody else."""
        return ssl.create_default_context(cadata=self.certificate)

    def client_pem(
        self, *, left: timedelta = DAY, since: timedelta = 2 * DAY, password: str = ""
    ) -> str:
        """A client's private key and its certificate, which is valid since and for so long."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "signalbox")])
        now = datetime.now(UTC)
        builder = _builder(name, self._name, key, now - since, now + left)
        certificate = builder.sign(self._key, hashes.SHA256())
        encryption = (
            serialization.BestAvailableEncryption(password.encode())
            if password
            else serialization.NoEncryption()
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
        )
        return (private + certificate.public_bytes(serialization.Encoding.PEM)).decode()

    def demanding_server(self, host: str) -> ssl.SSLContext:
        """For a server that demands a client certificate of this authority."""
        context = self.server(host)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=self.certificate)
        return context

    def server(self, host: str, *, left: timedelta = DAY) -> ssl.SSLContext:
        """For a server of this name or address, whose certificate is valid for so long."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        now = datetime.now(UTC)
        builder = _builder(name, self._name, key, now - 2 * DAY, now + left)
        names = x509.SubjectAlternativeName([_general_name(host)])
        certificate = builder.add_extension(names, critical=False).sign(self._key, hashes.SHA256())
        file = self._folder / "server.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    since: datetime,
    until: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


class FakeRsaSigner:
    """Signs as a service that publishes its certificate, which is valid around a time."""

    def __init__(self, at: datetime, *, bits: int = 2048) -> None:
        self._key = rsa.generate_private_key(65537, bits)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        builder = _builder(name, name, self._key, at - 9 * DAY, at + 9 * DAY)
        signed = builder.sign(self._key, hashes.SHA256())
        self.certificate = signed.public_bytes(serialization.Encoding.PEM).decode()

    def sign(self, text: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
        """The signature of a text, by PKCS #1 v1.5."""
        return self._key.sign(text, padding.PKCS1v15(), algorithm)
