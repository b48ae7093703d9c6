"""Mail through a server that is not ours (aiosmtpd: STARTTLS, a password), read by Python's own
parser; then a browser follows the link of a verification.

Usage: mail.py path/to/carnet [node tests/compat/browser/verify.mjs]
"""

import email
import email.policy
import json
import os
import queue
import re
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

CARNET = sys.argv[1]
BROWSER = sys.argv[2:]
CARD = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:elodie\r\nN:Vanbrabant;Élodie;;;\r\nFN:Élodie Vanbrabant\r\n"
    "TEL;TYPE=CELL:+33 6 39 98 00 01\r\nEMAIL:elodie@example.com\r\nNOTE:private\r\nEND:VCARD\r\n"
)


class Mailbox:
    def __init__(self):
        self.arrived = queue.Queue()
        self.refused = 0

    async def handle_DATA(self, server, session, envelope):
        if self.refused:
            self.refused -= 1
            return "451 4.7.1 greylisted"
        parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert not parsed.defects, parsed.defects
        self.arrived.put((envelope, parsed))
        return "250 2.0.0 taken"

    def next(self):
        return self.arrived.get(timeout=60)


def sign_in(server, session, envelope, mechanism, given):
    good = (given.login, given.password) == (b"carnet", b"secret")
    return AuthResult(success=good, handled=True if good else False)


def carnet(*arguments, ok=True, given=""):
    done = subprocess.run(
        [CARNET, *arguments], input=given, capture_output=True, text=True, check=False
    )
    assert (done.returncode == 0) == ok, (arguments, done.stdout, done.stderr)
    return done.stdout + done.stderr


class Browser:
    def __init__(self, url):
        self.url = url
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())

    def get(self, path):
        return self.opener.open(self.url + path).read().decode()

    def send(self, path, page, **fields):
        token = re.search(r'name="token" value="([^"]*)"', page)
        if token:
            fields["token"] = token.group(1)
        data = urllib.parse.urlencode(fields).encode()
        return self.opener.open(self.url + path, data).read().decode()


def main():
    folder = tempfile.mkdtemp()
    authority = trustme.CA()
    ca = os.path.join(folder, "ca.pem")
    authority.cert_pem.write_to_path(ca)
    context = __import__("ssl").create_default_context(__import__("ssl").Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    mailbox = Mailbox()
    controller = Controller(
        mailbox,
        hostname="localhost",
        port=0,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=sign_in,
    )
    # The port the system picks.
    controller.port = free_port()
    controller.start()
    config = os.path.join(folder, "carnet.toml")

    def configure(**changes):
        settings = {
            "host": "localhost",
            "port": controller.port,
            "user": "carnet",
            "password": "secret",
            "from": "server@example.org",
            "authority": ca,
            "timeout_seconds": 20,
            "retry_seconds": 1,
            **changes,
        }
        lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items() if value]
        with open(config, "w") as file:
            file.write(f"data = {json.dumps(folder + '/data')}\n")
            file.write('public_url = "https://contacts.example.org"\n[mail]\n' + "\n".join(lines))

    configure()
    carnet("user", "add", "admin", "--admin", "--config", config, "--password-stdin", given="demo")
    said = carnet("mail", "test", "ann@example.org", "--config", config)
    assert said.startswith("taken: 250"), said
    envelope, message = mailbox.next()
    assert envelope.rcpt_tos == ["ann@example.org"], envelope.rcpt_tos
    assert message.get_content_type() == "multipart/alternative"
    # A stranger's certificate, a wrong password, an address that is two.
    configure(authority=None)
    carnet("mail", "test", "ann@example.org", "--config", config, ok=False)
    configure(password="wrong")
    said = carnet("mail", "test", "ann@example.org", "--config", config, ok=False)
    assert "not reached" in said, said
    configure()
    for address in ["a@example.org,b@example.org", "a@example.org\nBcc: b@example.org"]:
        carnet("mail", "test", address, "--config", config, ok=False)
    assert mailbox.arrived.empty()

    server = subprocess.Popen(
        [CARNET, "serve", "--demo", "--config", config, "--listen", "http://127.0.0.1:0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        url = server.stdout.readline().split()[-1]
        while not url.startswith("http"):
            url = server.stdout.readline().split()[-1]
        carnet("user", "add", "mia", "--name", "Mia Übér, \"Sales\"", "--email", "mia@example.org",
               "--config", config, "--password-stdin", given="demo")
        cards = os.path.join(folder, "cards.vcf")
        with open(cards, "w", newline="") as file:
            file.write(CARD)
        carnet("import", "--to", "mia", cards, "--config", config)
        mia = Browser(url)
        mia.send("/login", "", login="mia", password="demo")
        page = mia.get("/c/private")
        card = re.search(r'href="(/c/private/c/[0-9a-f]+)"', page).group(1)
        mailbox.refused = 2
        mia.send(f"{card}/verify", mia.get(f"{card}/verify"), address="elodie@example.com",
                 language="fr", purpose="vous êtes cliente")
        envelope, message = mailbox.next()
        assert envelope.rcpt_tos == ["elodie@example.com"]
        assert message["from"].addresses[0].addr_spec == "server@example.org"
        assert message["from"].addresses[0].display_name == 'Mia Übér, "Sales" via Carnet'
        assert message["reply-to"].addresses[0].addr_spec == "mia@example.org"
        assert "Mia Übér" in message["subject"] and "vérifier" in message["subject"]
        text = message.get_body(("plain",)).get_content()
        html = message.get_body(("html",)).get_content()
        for part in (text, html):
            assert "+33 6 39 98 00 01" in part and "vous êtes cliente" in part, part
            assert "private" not in part, part
        link = re.search(r"https://contacts\.example\.org(/v/[0-9a-f]{64})", text).group(1)
        assert f"https://contacts.example.org{link}" in html
        print("aiosmtpd: STARTTLS, a password, greylisting; Python reads what was written")
        if BROWSER:
            subprocess.run([*BROWSER, url, link], check=True)
        assert mailbox.next()[0].rcpt_tos in (["mia@example.org"], ["elodie@example.com"])
    finally:
        server.terminate()
        server.wait()
        controller.stop()


def free_port():
    import socket

    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


main()
