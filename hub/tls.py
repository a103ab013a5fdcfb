"""TLS as this hub speaks it; towards others 1.2 or newer, with the chain as RFC 5280 wants it, and the name."""

import contextlib
import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path

from hub.errors import HubError, reason

BEYOND_CHAIN = range(80, 95)
"""OpenSSL's codes for what only a strict look at a certificate finds."""
WAYS_OUT = {
    85: "issue it with `-extfile` and authorityKeyIdentifier=keyid in it",
    92: "the authority's, with its own key and name, so that what it has issued stays good: openssl req -x509 "
    "-key ca.key -subj '/CN=...' -days 3650 -addext keyUsage=critical,keyCertSign,cRLSign -out ca.pem",
}
"""What people's own authorities most often lack, and how they come by it."""


def client_context(
    ca: Path | str | None = None,
    *,
    roots: Sequence[str] = (),
    cert: Path | str | None = None,
    key: Path | str | None = None,
) -> ssl.SSLContext:
    """`ca`: a file instead of the system's roots; `roots`: PEM besides it. Raises HubError for what can't be used.

    Strict on every Python: by itself only 3.13 and later would be.
    """
    with _naming(ca):
        context = ssl.create_default_context(cafile=str(ca) if ca else None)
    with _naming("an installed root"):
        for pem in roots:
            context.load_verify_locations(cadata=pem)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # A root that its predecessor has signed is an anchor without it, too.
    context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    if cert:
        with _naming(f"{cert}, {key}" if key else cert):
            context.load_cert_chain(cert, key or None)
    return context


def server_context(cert: Path, key: Path | None) -> ssl.SSLContext:
    """Raises HubError for what can't be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with _naming(f"{cert}, {key}" if key else cert):
        context.load_cert_chain(cert, key)
    return context


@contextlib.contextmanager
def _naming(what: object) -> Iterator[None]:
    """OpenSSL doesn't say which file it means."""
    try:
        yield
    except ssl.SSLError as error:
        raise HubError(f"{what}: {refusal(error)}") from error
    except OSError as error:
        raise HubError(f"{what}: cannot be read: {reason(error)}") from error


def refusal(error: ssl.SSLError) -> str:
    """Why there is no TLS with them, for a person."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        return str(error.reason or error)
    words = error.verify_message or str(error)
    if error.verify_code in BEYOND_CHAIN:
        how = WAYS_OUT.get(error.verify_code)
        return f"a certificate isn't as RFC 5280 wants it ({words}): it must be issued anew{f' ({how})' if how else ''}"
    return words
