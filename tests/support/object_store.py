"""A small double of S3, and of Google Cloud Storage, whose XML interface is the same, over HTTP on a free port.

It knows objects, ranges, copies, multipart uploads and listings.
"""

from __future__ import annotations

import hashlib
import http.server
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


@dataclass
class Bucket:
    """What the double holds; `asked` lists method and path of every request."""

    objects: dict[str, bytes] = field(default_factory=dict)
    parts: dict[str, dict[int, bytes]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def object_store() -> Iterator[tuple[str, Bucket]]:
    """Its address, and what it holds."""
    bucket = Bucket()

    class Answers(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _split(self) -> tuple[str, dict[str, list[str]]]:
            parts = urlsplit(self.path)
            bucket.asked.append((self.command, self.path))
            return unquote(parts.path).lstrip("/").partition("/")[2], parse_qs(parts.query, keep_blank_values=True)

        def _body(self) -> bytes:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if "aws-chunked" not in self.headers.get("content-encoding", ""):
                return body
            plain = b""
            while body:
                size, _, body = body.partition(b"\r\n")
                length = int(size.partition(b";")[0], 16)
                plain, body = plain + body[:length], body[length + 2 :]
                if length == 0:
                    break
            return plain

        def _send(self, status: int, body: bytes = b"", **headers: str) -> None:
            self.send_response(status)
            for name, value in {"content-length": str(len(body)), **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def _object(self, key: str) -> None:
            content = bucket.objects.get(key)
            if content is None:
                return self._send(404, b"<Error><Code>NoSuchKey</Code></Error>")
            about = {"etag": _etag(content), "last_modified": formatdate(0, usegmt=True)}
            wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("range", ""))
            if wanted is None:
                if self.command == "HEAD":
                    about["content_length"] = str(len(content))
                    return self._send(200, b"", **about)
                return self._send(200, content, **about)
            start, end = int(wanted[1]), min(int(wanted[2]) + 1, len(content))
            about["content_range"] = f"bytes {start}-{end - 1}/{len(content)}"
            return self._send(206, content[start:end], **about)

        def do_HEAD(self) -> None:
            self._object(self._split()[0])

        def do_GET(self) -> None:
            key, query = self._split()
            if "list-type" not in query:
                return self._object(key)
            prefix, after = query.get("prefix", [""])[0], query.get("start-after", [""])[0]
            found = [key for key in sorted(bucket.objects) if key.startswith(prefix) and key > after]
            entries = "".join(
                f"<Contents><Key>{escape(key)}</Key><Size>{len(bucket.objects[key])}</Size>"
                f"<LastModified>1970-01-01T00:00:00.000Z</LastModified><ETag>{_etag(bucket.objects[key])}</ETag></Contents>"
                for key in found
            )
            body = f"<ListBucketResult><IsTruncated>false</IsTruncated>{entries}</ListBucketResult>"
            return self._send(200, body.encode(), content_type="application/xml")

        def do_PUT(self) -> None:
            key, query = self._split()
            body = self._body()
            if "partNumber" in query:
                bucket.parts[query["uploadId"][0]][int(query["partNumber"][0])] = body
                return self._send(200, etag=_etag(body))
            source = self.headers.get("x-amz-copy-source") or self.headers.get("x-goog-copy-source")
            if source is not None:
                body = bucket.objects[unquote(source).lstrip("/").partition("/")[2]]
            bucket.objects[key] = body
            if source is None:
                return self._send(200, etag=_etag(body))
            answer = f"<CopyObjectResult><ETag>{_etag(body)}</ETag></CopyObjectResult>"
            return self._send(200, answer.encode(), content_type="application/xml")

        def do_POST(self) -> None:
            key, query = self._split()
            body = self._body()
            if "uploads" in query:
                upload = f"u{len(bucket.parts)}"
                bucket.parts[upload] = {}
                answer = f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId></InitiateMultipartUploadResult>"
            elif "delete" in query:
                keys = [unquote(found) for found in re.findall(r"<Key>(.*?)</Key>", body.decode())]
                for name in keys:
                    bucket.objects.pop(name, None)
                answer = "".join(f"<Deleted><Key>{escape(name)}</Key></Deleted>" for name in keys)
                answer = f"<DeleteResult>{answer}</DeleteResult>"
            else:
                parts = bucket.parts.pop(query["uploadId"][0])
                bucket.objects[key] = b"".join(parts[number] for number in sorted(parts))
                tag = _etag(bucket.objects[key])
                answer = f"<CompleteMultipartUploadResult><ETag>{tag}</ETag></CompleteMultipartUploadResult>"
            return self._send(200, answer.encode(), content_type="application/xml")

        def do_DELETE(self) -> None:
            key, query = self._split()
            bucket.parts.pop(query.get("uploadId", [""])[0], None)
            bucket.objects.pop(key, None)
            self._send(204)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the parent's name
            """Says nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", bucket
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _etag(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
