"""A home's own authority, made as people make it, and the way out that the refusal names."""

import shlex
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from hub.tls import WAYS_OUT, client_context, refusal
from tests.hub.test_tls import served, shaken

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed"),
]
MISSING_KEY_USAGE = 92


def openssl(folder: Path, command: str) -> None:
    subprocess.run(["openssl", *shlex.split(command)], cwd=folder, check=True, capture_output=True)


def test_the_line_in_the_refusal_mends_an_authority_and_what_it_has_issued_stays_good(tmp_path: Path) -> None:
    plain = "[req]\ndistinguished_name = dn\nx509_extensions = v3_ca\n[dn]\n[v3_ca]\nsubjectKeyIdentifier = hash\n"
    (tmp_path / "openssl.cnf").write_text(f"{plain}basicConstraints = critical,CA:true\n")
    (tmp_path / "ext").write_text("subjectAltName = DNS:home.test\nauthorityKeyIdentifier = keyid\n")
    config = "-config openssl.cnf -newkey rsa:2048 -nodes"
    openssl(tmp_path, f"req -x509 {config} -keyout ca.key -subj '/CN=Home' -days 3650 -out ca.pem")
    openssl(tmp_path, f"req {config} -keyout home.key -subj '/CN=home.test' -out home.csr")
    openssl(
        tmp_path,
        "x509 -req -in home.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 90 -extfile ext -out home.pem",
    )
    ca, pair = tmp_path / "ca.pem", (tmp_path / "home.pem", tmp_path / "home.key")
    with pytest.raises(ssl.SSLCertVerificationError) as refused:
        shaken(client_context(ca), served(pair), "home.test")
    way_out = WAYS_OUT[MISSING_KEY_USAGE]
    assert way_out in refusal(refused.value)
    openssl(tmp_path, way_out.split(": openssl ")[1].replace("/CN=...", "/CN=Home"))
    shaken(client_context(ca), served(pair), "home.test")
