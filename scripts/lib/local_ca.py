# SPDX-License-Identifier: Apache-2.0
"""A certificate authority of this stack alone, for phones on the same network (openssl)."""
import os
import re
import subprocess

from stack_processes import StackError

DAYS = 30
# A certificate that ends sooner than this is made anew at the start.
RENEW_BEFORE_S = 2 * 86400


def _openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StackError(f"openssl {arguments[0]} failed:\n{done.stderr}")


def _is_good(certificate, host):
    if not certificate.exists():
        return False
    still = subprocess.run(["openssl", "x509", "-in", str(certificate), "-noout", "-checkend",
                            str(RENEW_BEFORE_S), "-ext", "subjectAltName"],
                           capture_output=True, text=True, check=False)
    return still.returncode == 0 and bool(re.search(rf":{re.escape(host)}(,|\s|$)", still.stdout))


def ensure(folder, host):
    """folder/ca.crt, server.crt and server.key for `host` (address or name) and 127.0.0.1. Keys are
    0600; the CA's key stays in the folder, which belongs to whoever runs the stack."""
    if _is_good(folder / "server.crt", host):
        return
    folder.mkdir(mode=0o700, exist_ok=True)
    ca_key, ca = folder / "ca.key", folder / "ca.crt"
    key, request, certificate = (folder / f"server.{end}" for end in ("key", "csr", "crt"))
    old_mask = os.umask(0o077)
    try:
        if not ca.exists():
            _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                     "-nodes", "-keyout", str(ca_key), "-out", str(ca), "-days", "3650", "-subj",
                     "/CN=Sitecast local CA", "-addext", "basicConstraints=critical,CA:TRUE",
                     "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        kind = "IP" if re.fullmatch(r"[0-9.]+|[0-9a-fA-F:]+", host) else "DNS"
        names = f"subjectAltName={kind}:{host},IP:127.0.0.1,DNS:localhost"
        _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                 "-keyout", str(key), "-out", str(request), "-subj", "/CN=Sitecast")
        extensions = folder / "server.ext"
        extensions.write_text(f"{names}\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n",
                              encoding="utf-8")
        _openssl("x509", "-req", "-in", str(request), "-CA", str(ca), "-CAkey", str(ca_key),
                 "-CAcreateserial", "-days", str(DAYS), "-extfile", str(extensions), "-out",
                 str(certificate))
        request.unlink()
        extensions.unlink()
    finally:
        os.umask(old_mask)
    ca.chmod(0o644)
