"""File servers of other hands in processes of their own: pyftpdlib, vsftpd and OpenSSH's sshd.

vsftpd and sshd want to know their users from the system: each gets a mount namespace with a user list of the test's.
"""

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.interop.modbuspeer import free_port

PATIENCE_S = 20.0


@contextlib.contextmanager
def running(command: Sequence[str], port: int) -> Iterator[None]:
    """Until something answers at the port, and until the end."""
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        _wait(process, port)
        yield
    finally:
        process.kill()
        process.communicate()


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.02)
    process.kill()
    raise AssertionError(process.communicate()[1].decode())


def among(folder: Path, users: Sequence[str], command: Sequence[str]) -> list[str]:
    """The command where these users are known; the password of each is `secret`."""
    salted = subprocess.run(
        ["openssl", "passwd", "-6", "-salt", "evhub", "secret"], capture_output=True, check=True, text=True
    ).stdout.strip()
    passwd, shadow, group = (folder / name for name in ("passwd", "shadow", "group"))
    passwd.write_text("".join(f"{line}\n" for line in ("root:x:0:0::/root:/bin/sh", *users)))
    names = [line.split(":")[0] for line in users]
    shadow.write_text("".join(f"{name}:{salted}:19000:0:99999:7:::\n" for name in names))
    group.write_text("root:x:0:\nnogroup:x:65534:\n")
    binds = "".join(f"mount --bind {file} /etc/{file.name} && " for file in (passwd, shadow, group))
    words = " ".join(command)
    return [
        "unshare",
        "-m",
        "sh",
        "-c",
        f"{binds}mount -t tmpfs none /run && mkdir /run/sshd && exec {words}",
    ]


@contextlib.contextmanager
def sshd(debian: Path, folder: Path, served: Path) -> Iterator[tuple[int, str]]:
    """(port, the line of its host key); user evhub."""
    port, key, settings = free_port(), folder / "host_key", folder / "sshd_config"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    settings.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {key}\nPidFile none\nPasswordAuthentication yes\n"
        "KbdInteractiveAuthentication no\nUsePAM no\nStrictModes no\nSubsystem sftp internal-sftp\n"
    )
    users = [f"evhub:x:65534:65534::{served}:/bin/sh", "sshd:x:100:65534::/run/sshd:/usr/sbin/nologin"]
    command = [*program(debian, "sshd"), "-D", "-e", "-f", str(settings)]
    with running(among(folder, users, command), port):
        kind, words = key.with_suffix(".pub").read_text().split()[:2]
        yield port, f"[localhost]:{port} {kind} {words}"


@contextlib.contextmanager
def vsftpd(
    debian: Path, folder: Path, served: Path, pair: tuple[Path, Path], *, implicit: bool
) -> Iterator[int]:
    """Its default is to take a data connection only in the session of the control connection."""
    port, settings = free_port(), folder / "vsftpd.conf"
    settings.write_text(
        f"listen=YES\nlisten_address=127.0.0.1\nlisten_port={port}\nbackground=NO\nanonymous_enable=YES\n"
        f"anon_root={served}\nwrite_enable=YES\nanon_upload_enable=YES\nanon_umask=022\nssl_enable=YES\n"
        f"allow_anon_ssl=YES\nforce_anon_logins_ssl=YES\nforce_anon_data_ssl=YES\nrequire_ssl_reuse=YES\n"
        f"implicit_ssl={'YES' if implicit else 'NO'}\nrsa_cert_file={pair[0]}\nrsa_private_key_file={pair[1]}\n"
        f"ssl_ciphers=HIGH\nsecure_chroot_dir={folder}/empty\nnopriv_user=nobody\nftp_username=ftp\n"
        "seccomp_sandbox=NO\n"
    )
    (folder / "empty").mkdir()
    users = [f"ftp:x:65534:65534::{served}:/bin/sh", "nobody:x:65534:65534::/:/bin/sh"]
    with running(among(folder, users, [*program(debian, "vsftpd"), str(settings)]), port):
        yield port


@contextlib.contextmanager
def pyftpdlib(interpreter: Path, served: Path, pair: tuple[Path, Path]) -> Iterator[int]:
    script = Path(__file__).parent / "files" / "peer.py"
    command = [str(interpreter), str(script), str(served), *map(str, pair)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def program(debian: Path, name: str) -> list[str]:
    libraries = ":".join(sorted({str(file.parent) for file in debian.rglob("*.so.*")}))
    return ["env", f"LD_LIBRARY_PATH={libraries}", str(debian / "usr" / "sbin" / name)]
