"""The way from outside to the ports of jobs: `https://<job>--<port>.hf.jobs`, through a proxy, with certificates of its own.

The real names lead to the real Hub, and clients insist on `https` and on a name that begins with the job's. So clients of this
machine are told (`environment`) to take a proxy for `https` and to trust one authority; the proxy leads those names here, and
nowhere else. It wants a token that may read the job's namespace, as the Hub does, and does not hand it on to the job.
"""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, cast

from .fields import Fields
from .job_records import JobFolder
from .job_runs import Jobs
from .refusals import NOT_LOGGED_IN, Refused

if TYPE_CHECKING:
    from .world import World

_PIECE = 64 * 1024
_OF_THE_CONNECTION = {"connection", "transfer-encoding", "content-length", "keep-alive", "host", "authorization"}


class Front:
    """The proxy of one server; it listens once somebody asks for it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.tokens: set[str] = set()
        """Every token that was shown to it."""
        self._folder = world.store.folder("tls")
        self.tls = _certified(self._folder, world.part(Jobs).settings.domain)
        self._listener = _Listener(self)
        self._thread = Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def environment(self) -> dict[str, str]:
        """Return what a client's process needs to reach the ports of jobs."""
        proxy = f"http://127.0.0.1:{self._listener.server_port}"
        return {"HTTPS_PROXY": proxy, "SSL_CERT_FILE": str(self._folder / "authority.pem")}

    def close(self) -> None:
        """Lead nobody anywhere any more."""
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join()

    def job_behind(self, host: str) -> tuple[JobFolder, int, bool]:
        """Return the job that a host name is of, where it listens on this machine, and whether everybody may go there.

        Raises:
            Refused: there is none, or it shows no such port.
        """
        name, _, port = host.partition(".")[0].rpartition("--")
        for folder in self.world.part(Jobs).folders.everywhere():
            record = Fields(folder.record())
            if folder.id == name and port in record.fields("listening"):
                public = int(port) in record.fields("expose").numbers("portsPublic")
                return folder, record.fields("listening").number(port), public
        raise Refused(404, "Job not found")


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, front: Front) -> None:
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.front = front

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that left."""


class _Tunnel(BaseHTTPRequestHandler):
    """A connection to the proxy: after `CONNECT` it is one to the job's name."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the standard library's own name
        """Say nothing."""

    def do_CONNECT(self) -> None:
        host, front = self.path.partition(":")[0], cast("_Listener", self.server).front
        domain = front.world.part(Jobs).settings.domain
        if not host.endswith(f".{domain}"):
            self.send_error(403, "This proxy leads to jobs of this Hub only")
            return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.wfile.flush()
        with suppress(OSError), front.tls.wrap_socket(self.connection, server_side=True) as inner:
            _Forward(inner, host, front)
        self.close_connection = True


class _Forward(BaseHTTPRequestHandler):
    """The inside of a tunnel: every request is looked at, and handed to the job."""

    protocol_version = "HTTP/1.1"

    def __init__(self, inner: ssl.SSLSocket, host: str, front: Front) -> None:
        self._host, self._front = host, front
        self._answering = False
        super().__init__(inner, ("127.0.0.1", 0), cast("_Listener", None))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the standard library's own name
        """Say nothing."""

    def forward(self) -> None:
        """Answer one request with what the job answers."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            port = self._admit()
        except Refused as refused:
            self._refuse(refused.status, refused.message)
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_THE_CONNECTION}
        connection = HTTPConnection("127.0.0.1", port, timeout=600)
        try:
            connection.request(self.command, self.path, body=body, headers=headers)
            self._send(connection)
        except (HTTPException, ConnectionRefusedError, ConnectionResetError):
            if self._answering:  # the job ended in the middle of its answer: all that can be done is to leave
                self.close_connection = True
            else:
                self._refuse(502, "Bad gateway: nothing answers on this port of the job")
        finally:
            connection.close()

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = forward  # noqa: N815 -- the standard library's names

    def _admit(self) -> int:
        shown = self.headers.get("Authorization", "")
        self._front.tokens.add(shown.removeprefix("Bearer "))
        caller = self._front.world.accounts.caller(shown)
        folder, port, public = self._front.job_behind(self._host)
        namespace = folder.path.parent.name
        if caller is None and not public:
            raise Refused(401, NOT_LOGGED_IN)
        if caller and not public and not (caller.may("job.read", namespace) or caller.may("job.write", namespace)):
            raise Refused(403, "This job is somebody else's")
        if folder.status().stage != "RUNNING":
            raise Refused(503, "The job is not running")
        return port

    def _send(self, connection: HTTPConnection) -> None:
        answer = connection.getresponse()
        self._answering = True
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _OF_THE_CONNECTION:
                self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for data in iter(lambda: answer.read1(_PIECE), b""):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")
        self._answering = False

    def _refuse(self, status: int, message: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(message)))
        self.end_headers()
        self.wfile.write(message.encode())


def _certified(folder: Path, domain: str) -> ssl.SSLContext:
    """Return what shows a certificate for every job of this domain, signed by an authority made here."""
    chain, key = folder / "jobs.pem", folder / "jobs.key"
    if not chain.exists():
        for command in _commands(folder, domain):
            subprocess.run(["openssl", *command], cwd=folder, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context


def _commands(folder: Path, domain: str) -> Iterator[list[str]]:
    """Yield what `openssl` has to do: an authority, a request for a certificate, the certificate."""
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    usage = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
    (folder / "authority.ext").write_text(usage, encoding="utf-8")
    (folder / "jobs.ext").write_text(f"subjectAltName=DNS:*.{domain}\n", encoding="utf-8")
    asked = [("authority", "Hub on this machine"), ("jobs", f"*.{domain}")]
    for name, subject in asked:
        yield ["req", "-new", *curve, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={subject}"]
    yield [
        *["x509", "-req", "-in", "authority.csr", "-signkey", "authority.key", "-days", "3650"],
        *["-extfile", "authority.ext", "-out", "authority.pem"],
    ]
    yield [
        *["x509", "-req", "-in", "jobs.csr", "-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial"],
        *["-days", "3650", "-extfile", "jobs.ext", "-out", "jobs.pem"],
    ]
