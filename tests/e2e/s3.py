"""An S3 server, moto's, with TLS, where containers reach the engine's host.

    python s3.py ADDRESS PORT CERTIFICATE KEY SWITCH

Where the file SWITCH stands it answers nothing but that it is not available. What moto serves by itself speaks HTTP/1.0 and
ends connections without a word of TLS, which pgBackRest takes for cut off.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

NAME, ADDRESS, PORT = "s3.test", "172.17.0.1", 19443
ENVIRONMENT = Path(__file__).resolve().parents[2] / ".tools" / "s3"


def main() -> None:
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    address, port, certificate, key, switch = sys.argv[1:]
    moto = DomainDispatcherApplication(create_backend_app)
    WSGIRequestHandler.protocol_version = "HTTP/1.1"

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if os.path.exists(switch):
            start("503 Service Unavailable", [("Content-Length", "0")])
            return [b""]
        # It would take `s3` for the bucket.
        environ["HTTP_HOST"] = "localhost"
        answer: Iterable[bytes] = moto(environ, start)
        return answer

    server = make_server(address, int(port), application, threaded=True, ssl_context=(certificate, key))
    plain = server.shutdown_request

    def shutdown_request(request: Any) -> None:
        with contextlib.suppress(OSError):
            request.settimeout(5)
            request.unwrap()
        plain(request)

    server.shutdown_request = shutdown_request
    server.serve_forever()


class Bucket:
    """A server with a bucket."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.switch = folder / "unavailable"


@contextlib.contextmanager
def serving(host_of: int, folder: Path) -> Iterator[Bucket]:
    """A server in the network of that process, with its certificates in a folder."""
    import trustme

    authority = trustme.CA()
    issued = authority.issue_cert(NAME)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    folder.joinpath("server.pem").write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
    bucket = Bucket(folder)
    enter = ["nsenter", f"--net=/proc/{host_of}/ns/net", "--"]
    files = [str(folder / "server.pem"), str(folder / "key.pem"), str(bucket.switch)]
    with folder.joinpath("log").open("w", encoding="utf-8") as log:
        server = subprocess.Popen(
            [*enter, str(ENVIRONMENT / "bin" / "python"), __file__, ADDRESS, str(PORT), *files], stdout=log, stderr=log
        )
        try:
            yield bucket
        finally:
            server.terminate()
            server.wait()


# Run on the engine's host until it succeeds.
MAKE_BUCKET = """
import ssl, sys, time, urllib.request
context = ssl.create_default_context(cafile=sys.argv[1])
context.check_hostname = False
for _ in range(300):
    try:
        made = urllib.request.Request("https://172.17.0.1:19443/backups", method="PUT")
        print(urllib.request.urlopen(made, context=context).status)
        break
    except ConnectionRefusedError:
        pass
    except urllib.error.URLError as error:
        if not isinstance(error.reason, ConnectionRefusedError):
            raise
    time.sleep(0.2)
"""

if __name__ == "__main__":
    main()
