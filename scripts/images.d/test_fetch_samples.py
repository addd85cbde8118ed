"""Tests scripts/fetch-samples with servers on loopback: plain HTTP with checksums, and S3 listings."""

import functools
import hashlib
import http.server
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import unittest
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = {"input/a granule.hdf5": b"granule" * 5000, "output/a.nc": b"product" * 3000, "output/a.nc.meta.xml": b"<Granule/>"}


class Store(http.server.BaseHTTPRequestHandler):
    """Serves FILES below /samples/cpl/, completely or from a byte offset; lists them two at a time like S3."""

    def __init__(self, seen, sums, spoilt, *arguments):
        self.seen, self.sums, self.spoilt = seen, sums, spoilt
        super().__init__(*arguments)

    def do_GET(self):
        address = urllib.parse.urlparse(self.path)
        query = urllib.parse.parse_qs(address.query)
        if "list-type" in query:
            return self.reply(200, self.listing(query))
        name = urllib.parse.unquote(address.path).removeprefix("/samples/cpl/").removeprefix("/bucket/samples/cpl/")
        if name == "SHA256SUMS" and self.sums:
            return self.reply(200, self.sums)
        if name not in FILES:
            return self.reply(404, b"")
        body = FILES[name][::-1] if self.spoilt else FILES[name]
        start = int((re.match(r"bytes=(\d+)-", self.headers.get("Range", "bytes=0-")) or [0, 0])[1])
        self.seen.append((name, start))
        return self.reply(206 if start else 200, body[start:], {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"})

    def listing(self, query):
        names = sorted(FILES)
        first = int(query.get("continuation-token", ["0"])[0])
        entries = "".join(
            f"<Contents><Key>{urllib.parse.quote(query['prefix'][0] + name)}</Key><LastModified>x</LastModified>"
            f"<ETag>&quot;{hashlib.md5(FILES[name]).hexdigest()}&quot;</ETag><Size>1</Size></Contents>"
            for name in names[first:first + 2]
        )
        more = f"<NextContinuationToken>{first + 2}</NextContinuationToken>" if first + 2 < len(names) else ""
        return f"<ListBucketResult>{more}{entries}</ListBucketResult>".encode()

    def reply(self, status, body, headers=()):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


SUMS = "".join(f"{hashlib.sha256(body).hexdigest()}  {name}\n" for name, body in FILES.items()).encode()


class FetchSamples(unittest.TestCase):
    def setUp(self):
        self.tree = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.tree)
        for name in ("scripts/fetch-samples", "scripts/collections", "crates/hs3-cpl/Cargo.toml"):
            (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.tree / name)
        self.folder = self.tree / "data/fetched/hs3-cpl"

    def fetch(self, base, sums=SUMS, spoilt=False, collection="hs3-cpl"):
        seen = []
        handler = functools.partial(Store, seen, sums, spoilt)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        run = subprocess.run(
            [self.tree / "scripts/fetch-samples", collection, base.replace("SERVER", address)],
            env={**os.environ, "S3_ENDPOINT": address, "no_proxy": "*"}, capture_output=True, text=True, check=False)
        server.shutdown()
        server.server_close()
        return run, seen

    def assert_fetched(self, run):
        self.assertEqual(run.returncode, 0, run.stderr)
        for name, body in FILES.items():
            self.assertEqual((self.folder / name).read_bytes(), body)
        self.assertEqual([path.name for path in self.folder.rglob("*") if path.suffix == ".part"], [])

    def test_http_with_checksums_and_nothing_twice(self):
        run, seen = self.fetch("SERVER/samples")
        self.assert_fetched(run)
        self.assertEqual(len(seen), 3)
        run, seen = self.fetch("SERVER/samples/")
        self.assert_fetched(run)
        self.assertEqual(seen, [])

    def test_s3_listing_of_several_pages(self):
        run, _ = self.fetch("s3://bucket/samples", sums=b"")
        self.assert_fetched(run)

    def test_what_was_begun_is_continued(self):
        (self.folder / "input").mkdir(parents=True)
        (self.folder / "input/a granule.hdf5.part").write_bytes(FILES["input/a granule.hdf5"][:1000])
        run, seen = self.fetch("SERVER/samples")
        self.assert_fetched(run)
        self.assertIn(("input/a granule.hdf5", 1000), seen)

    def test_a_wrong_beginning_is_fetched_anew(self):
        (self.folder / "input").mkdir(parents=True)
        (self.folder / "input/a granule.hdf5.part").write_bytes(b"x" * 1000)
        run, _ = self.fetch("SERVER/samples")
        self.assert_fetched(run)

    def test_damage_is_an_error_and_leaves_nothing(self):
        run, _ = self.fetch("SERVER/samples", spoilt=True)
        self.assertEqual(run.returncode, 1)
        self.assertEqual([path for path in self.folder.rglob("*") if path.is_file()], [])

    def test_nothing_says_what_to_fetch(self):
        run, _ = self.fetch("SERVER/samples", sums=b"")
        self.assertEqual(run.returncode, 1)
        self.assertIn("SHA256SUMS", run.stderr)

    def test_an_unknown_collection_is_refused(self):
        run, seen = self.fetch("SERVER/samples", collection="hs3")
        self.assertEqual((run.returncode, seen), (2, []))
        self.assertIn("hs3-cpl", run.stderr)

    def test_paths_that_lead_out_are_refused(self):
        run, _ = self.fetch("SERVER/samples", sums=b"0" * 64 + b"  ../../x\n")
        self.assertEqual(run.returncode, 1)
        self.assertIn("leads out", run.stderr)


if __name__ == "__main__":
    unittest.main()
