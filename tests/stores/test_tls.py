"""Encrypted connections to a real server with a self-signed certificate."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from six_cells import six_cells
from store_graphs import SIX_LABELS, labels

from cellgraph import server
from cellgraph.errors import ConnectError
from cellgraph.server.home import Home
from cellgraph.stores import open_store

x509 = pytest.importorskip("cryptography.x509")

SETTINGS = """\
server.bolt.tls_level=OPTIONAL
dbms.ssl.policy.bolt.enabled=true
dbms.ssl.policy.bolt.base_directory={folder}
dbms.ssl.policy.bolt.private_key=private.key
dbms.ssl.policy.bolt.public_certificate=public.crt
dbms.ssl.policy.bolt.client_auth=NONE
"""


def self_signed(folder: Path) -> None:
    """Write a certificate of localhost that nobody but itself has signed."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True)
    (folder / "public.crt").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "private.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Host and port of a server that speaks TLS, and the file of its certificate."""
    home = tmp_path_factory.mktemp("neo4j") / "home"
    Home(home).prepare()
    self_signed(home / "certificates")
    (home / "conf" / "neo4j.conf").write_text(SETTINGS.format(folder=home / "certificates"))
    server.start(home)
    try:
        uri, user, password = server.credentials(home)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("NEO4J_USERNAME", user)
            patch.setenv("NEO4J_PASSWORD", password)
            yield f"127.0.0.1:{urlsplit(uri).port}", home / "certificates" / "public.crt"
    finally:
        server.stop(home)


def test_encrypted_connections(place: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    where, certificate = place
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with open_store(f"bolt+ssc://{where}", create=True) as store:
        store.write(six_cells().network())
        assert labels(store) == SIX_LABELS
    with open_store(f"neo4j+ssc://{where}") as store:
        assert labels(store) == SIX_LABELS
    for scheme in ("bolt+s", "neo4j+s"):
        with pytest.raises(ConnectError, match="is not trusted by this machine"):
            open_store(f"{scheme}://{where}")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    for scheme in ("bolt+s", "neo4j+s"):
        with open_store(f"{scheme}://{where}", read_only=True) as store:
            assert labels(store) == SIX_LABELS
