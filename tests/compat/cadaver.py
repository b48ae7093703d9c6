"""cadaver, a WebDAV client that sends no conditions: it uploads, moves, copies and deletes cards.

Usage: cadaver.py http://127.0.0.1:PORT
"""

import base64
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request

BOOK = "/dav/alice/private/contacts/"
TEAM = "/dav/groups/Team/Team/"

CARD = """BEGIN:VCARD\r
VERSION:3.0\r
UID:cadaver-{uid}\r
N:{name};;;;\r
FN:{name}\r
END:VCARD\r
"""


class Server:
    """The server as another client of the same person sees it."""

    def __init__(self, url):
        self.url = url

    def send(self, method, path, body=None):
        secret = base64.b64encode(b"alice:demo").decode()
        headers = {"Authorization": f"Basic {secret}", "User-Agent": "another/1"}
        body = body and body.encode()
        request = urllib.request.Request(self.url + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, ""

    def put(self, name, card):
        status, _ = self.send("PUT", BOOK + name, card)
        assert status in (201, 204), status


def cadaver(url, folder, *commands):
    """What cadaver says to each command."""
    done = subprocess.run(
        ["cadaver", url + BOOK],
        input="".join(f"{command}\n" for command in commands) + "quit\n",
        env={**os.environ, "HOME": str(folder)},
        cwd=folder,
        text=True,
        capture_output=True,
    )
    said = done.stdout.split(f"dav:{BOOK}> ")[1:]
    assert len(said) == len(commands) + 1, done.stdout + done.stderr
    return said[: len(commands)]


def main(url):
    server = Server(url)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        host = urllib.parse.urlsplit(url).hostname
        (folder / ".netrc").write_text(f"machine {host} login alice password demo\n")
        (folder / "second.vcf").write_text(CARD.format(uid="1", name="Second"), newline="")
        for uid in ("1", "2"):
            server.put(f"c{uid}.vcf", CARD.format(uid=uid, name="First"))
        # What it moved and copied itself it may replace and delete.
        said = cadaver(
            url,
            folder,
            "ls",
            "move c1.vcf moved.vcf",
            "put second.vcf moved.vcf",
            f"copy moved.vcf {TEAM}copied.vcf",
            "delete moved.vcf",
            f"delete {TEAM}copied.vcf",
        )
        assert "c1.vcf" in said[0], said
        assert all("succeeded." in line for line in said[1:]), said
        for path in (f"{BOOK}moved.vcf", f"{TEAM}copied.vcf"):
            assert server.send("GET", path)[0] == 404, path
        # What another client changed meanwhile it has not seen.
        server.put("c2.vcf", CARD.format(uid="2", name="Third"))
        said = cadaver(url, folder, "delete c2.vcf")
        assert "412 Precondition Failed" in said[0], said
        assert "FN:Third" in server.send("GET", f"{BOOK}c2.vcf")[1]
        said = cadaver(url, folder, "ls", "delete c2.vcf")
        assert "succeeded." in said[1], said
    print("cadaver: cards were uploaded, moved, copied and deleted without conditions")


main(sys.argv[1])
