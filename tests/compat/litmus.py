"""litmus, the WebDAV suite, on an address book.

litmus makes plain collections and puts files of any kind into them; Carnet holds address books with
cards and nothing else (RFC 6352 §5.2). So litmus speaks to a translator: a MKCOL without a body
makes an address book, a file travels inside a card, and comes back out of it. Everything else
reaches the server as it is. What an address book cannot do is listed in EXPECTED; anything else
that fails, and any of these that passes, is an error.

Usage: litmus.py http://127.0.0.1:PORT
"""

import base64
import http.client
import http.server
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import urllib.parse

SUITES = ["basic", "copymove", "props", "http", "locks"]

# These make a collection inside the collection, or copy a card beside itself, where its UID is taken
# (RFC 6352 §5.2 and §6.3.2.1).
EXPECTED = {
    "basic": ["delete_fragment", "mkcol"],
    "copymove": ["copy_init", "copy_coll", "copy_shallow", "move", "move_coll"],
}

ADDRESS_BOOK = b"""<D:mkcol xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><D:set><D:prop>
<D:resourcetype><D:collection/><C:addressbook/></D:resourcetype></D:prop></D:set></D:mkcol>"""

FILE = re.compile(rb"\r\nX-FILE;ENCODING=b:([^\r]*(?:\r\n [^\r]*)*)\r\n")


def card(uid, content):
    """A card that holds a file."""
    held = base64.b64encode(content).decode()
    return (
        f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nN:File;;;;\r\nFN:File\r\n"
        f"X-FILE;ENCODING=b:{held}\r\nEND:VCARD\r\n"
    ).encode()


def file_in(content):
    """The file in a card."""
    found = FILE.search(content)
    return base64.b64decode(found[1].replace(b"\r\n ", b"")) if found else content


class Translator(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_address = None
    # A card keeps its UID while it is replaced and moved.
    uids = {}

    def translate(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {
            name: value
            for name, value in self.headers.items()
            if name.lower() not in ("content-length", "connection", "te", "expect")
        }
        if self.command == "MKCOL" and not body:
            body = ADDRESS_BOOK
            headers["Content-Type"] = "application/xml"
        if self.command == "PUT":
            body = card(self.uids.setdefault(self.path, secrets.token_hex(16)), body)
            headers["Content-Type"] = "text/vcard"
        connection = http.client.HTTPConnection(self.server_address)
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        if self.command in ("DELETE", "MOVE") and answer.status < 300:
            uid = self.uids.pop(self.path, None)
            target = urllib.parse.urlsplit(self.headers.get("Destination", "")).path
            if uid and target:
                self.uids[target] = uid
        if self.command == "GET" and answer.status == 200:
            content = file_in(content)
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        if answer.status not in (204, 304):
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD" and answer.status not in (204, 304):
            self.wfile.write(content)
        connection.close()

    def log_message(self, *_):
        pass

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.translate
        raise AttributeError(name)


def outcomes(suite, url):
    """`(name, outcome, why)` of every test of a suite."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["litmus", "-k", url, "alice", "demo"],
            env={"TESTS": suite, "PATH": "/usr/bin:/bin"},
            cwd=folder,
            text=True,
            errors="replace",
            capture_output=True,
        )
    text = done.stdout.replace("\r", "\n")
    found = re.findall(r"^\s*\d+\. (\w+)\.* (pass|FAIL|SKIPPED|WARNING)(.*)$", text, re.MULTILINE)
    assert found, text + done.stderr
    return [(name, outcome, why.strip()) for name, outcome, why in found]


def main(url):
    Translator.server_address = urllib.parse.urlsplit(url).netloc
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Translator)
    # litmus closes connections whose answers it does not want.
    server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    home = f"http://127.0.0.1:{server.server_port}/dav/alice/private/"
    wrong = []
    for suite in SUITES:
        found = outcomes(suite, home)
        expected = EXPECTED.get(suite, [])
        passed = [name for name, outcome, _ in found if outcome == "pass"]
        for name, outcome, why in found:
            if (outcome == "FAIL") != (name in expected):
                wrong.append(f"{suite} {name}: {outcome} {why}")
        print(f"litmus {suite}: {len(passed)} of {len(found)} pass")
    assert not wrong, "\n".join(wrong)


main(sys.argv[1])
