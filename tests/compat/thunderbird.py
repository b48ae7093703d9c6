"""Thunderbird, headless: finds the books, writes, is written to, and loses nothing in a conflict.

Usage: thunderbird.py http://127.0.0.1:PORT
"""

import base64
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from marionette_driver.marionette import Marionette

BOOK = "/dav/alice/private/contacts/"
IPHONE = "iOS/17.5 (21F79) dataaccessd/1.0"
PICTURE = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
MODULES = """
const {CardDAVUtils} = ChromeUtils.importESModule("resource:///modules/CardDAVUtils.sys.mjs");
const {CardDAVDirectory} = ChromeUtils.importESModule("resource:///modules/CardDAVDirectory.sys.mjs");
const {VCardUtils, VCardPropertyEntry} = ChromeUtils.importESModule("resource:///modules/VCardUtils.sys.mjs");
const {MailServices} = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const book = () => MailServices.ab.directories.find(d => d.dirName == "Contacts");
const server = () => CardDAVDirectory.forFile(book().fileName);
const card = name => book().childCards.find(c => c.displayName == name);
"""


class Server:
    """Other programs of the same person."""

    def __init__(self, url):
        self.url = url

    def ask(self, method, path, body=None, agent=IPHONE, **headers):
        credentials = base64.b64encode(b"alice:demo").decode()
        headers = {"Authorization": f"Basic {credentials}", "User-Agent": agent, **headers}
        data = body.encode() if body is not None else None
        asked = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(asked) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def path_of(self, text):
        """The address of the one card that holds a text."""
        query = (
            '<C:addressbook-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><prop><C:address-data/>'
            f'</prop><C:filter><C:prop-filter name="FN"><C:text-match>{text}</C:text-match></C:prop-filter></C:filter>'
            "</C:addressbook-query>"
        )
        _, answer = self.ask("REPORT", BOOK, query, Depth="1", **{"Content-Type": "application/xml"})
        found = re.findall(r"<[^>]*href>([^<]*\.vcf)<", answer)
        assert len(found) == 1, (text, answer)
        return found[0]

    def card(self, text):
        return self.ask("GET", self.path_of(text))[1]

    def edit(self, name, before, after):
        path = self.path_of(name)
        text = self.ask("GET", path)[1]
        assert before in text, text
        status, answer = self.ask("PUT", path, text.replace(before, after), **{"Content-Type": "text/vcard"})
        assert status == 204, (status, answer)


class Thunderbird:
    def __init__(self, home):
        profile = os.path.join(home, "profile")
        os.mkdir(profile)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        with open(os.path.join(profile, "user.js"), "w") as prefs:
            prefs.write(
                f'user_pref("marionette.port", {port});\n'
                'user_pref("app.update.enabled", false);\n'
                'user_pref("datareporting.policy.dataSubmissionEnabled", false);\n'
                'user_pref("mail.provider.suppress_dialog_on_startup", true);\n'
            )
        command = ["thunderbird", "--headless", "--marionette", "--remote-allow-system-access", "--no-remote"]
        self.process = subprocess.Popen(
            [*command, "--profile", profile],
            env={**os.environ, "HOME": home},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.marionette = Marionette(host="127.0.0.1", port=port)
        self.marionette.raise_for_port(120)
        self.marionette.start_session()
        self.marionette.timeout.script = 120
        self.marionette.set_context("chrome")

    def run(self, script, *arguments):
        done = self.marionette.execute_async_script(
            "const args = [...arguments], done = args.pop();"
            f"(async () => {{ {MODULES} {script} }})()"
            ".then(value => done({value}), error => done({error: String(error)}));",
            script_args=list(arguments),
        )
        assert "error" not in done, (script, done["error"])
        return done.get("value")

    def sync(self):
        self.run("await server().syncWithServer();")

    def names(self):
        return self.run("return book().childCards.map(c => c.displayName);")


def until(what, found):
    """Writes of Thunderbird go out beside what a script waits for."""
    for _ in range(120):
        try:
            value = found()
        except AssertionError:
            value = None
        if value:
            return value
        time.sleep(0.25)
    raise AssertionError(f"not within 30 s: {what}")


def session(url, bird):
    server = Server(url)
    bird.run(
        'for (const found of await CardDAVUtils.detectAddressBooks("alice", "demo", args[0], false)) await found.create();',
        url,
    )
    books = bird.run("return MailServices.ab.directories.map(d => d.dirName);")
    assert {"Contacts", "Team"} <= set(books), books
    _, listing = server.ask("PROPFIND", BOOK, None, Depth="1")
    cards = len(re.findall(r"href>[^<]*\.vcf<", listing))
    until("the first synchronization", lambda: len(bird.names()) == cards)
    print("Thunderbird: found", len(books) - 2, "books,", cards, "contacts in the first")

    # Written there, with what it says in terms of version 4.0 only.
    bird.run(
        """const made = VCardUtils.vCardToAbCard("BEGIN:VCARD\\r\\nVERSION:4.0\\r\\nFN:Bird Test\\r\\nN:Test;Bird;;;\\r\\nEND:VCARD\\r\\n");
        book().addCard(made);"""
    )
    path = until("a new contact", lambda: server.path_of("Bird Test"))
    until("its tag", lambda: bird.run('return card("Bird Test").getProperty("_etag", "");'))
    bird.run(
        """const changed = card("Bird Test");
        changed.vCardProperties.addEntry(new VCardPropertyEntry("photo", {}, "uri", args[0]));
        changed.vCardProperties.addEntry(new VCardPropertyEntry("anniversary", {}, "date", "2010-01-02"));
        book().modifyCard(changed);""",
        PICTURE,
    )
    seen = until("its picture", lambda: "PHOTO" in server.card("Bird Test") and server.card("Bird Test"))
    octets = PICTURE.split(",")[1]
    unfolded = seen.replace("\r\n ", "")
    assert re.search(r"PHOTO;[^:]*ENCODING=b[^:]*:" + re.escape(octets), unfolded), seen
    assert re.search(r"X-ABDATE[^:]*:2010-01-02", unfolded), seen
    print("Thunderbird: what it wrote is a picture and an anniversary to an iPhone")

    # Changed elsewhere, and then on both sides: fields that differ are all kept.
    server.edit("Bird Test", "N:Test;Bird", "NICKNAME:Birdie\r\nN:Test;Bird")
    bird.sync()
    nickname = 'return card("Bird Test").vCardProperties.getFirstValue("nickname");'
    assert bird.run(nickname) == "Birdie"
    server.edit("Bird Test", "NICKNAME:Birdie", "NICKNAME:Other")
    bird.run(
        """const changed = card("Bird Test");
        changed.vCardProperties.addValue("title", "Pilot");
        book().modifyCard(changed);"""
    )
    merged = until("its title", lambda: "Pilot" in server.card("Bird Test") and server.card("Bird Test"))
    assert "NICKNAME:Other" in merged, merged
    bird.sync()
    assert bird.run(nickname) == "Other"
    print("Thunderbird: an edit of what it had not seen changed is merged")

    # A token nobody knows costs a whole reading, and no contact.
    bird.run('server()._syncToken = "urn:unknown"; await server().syncWithServer();')
    assert len(bird.names()) == cards + 1, bird.names()
    bird.run('book().deleteCards([card("Bird Test")]);')
    until("the deletion", lambda: server.ask("GET", path)[0] == 404)
    bird.sync()
    assert len(bird.names()) == cards, bird.names()
    print("Thunderbird: starts over, and deletes")


def main(url):
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        bird = Thunderbird(home)
        try:
            session(url, bird)
        finally:
            bird.process.kill()
            bird.process.wait()


main(sys.argv[1])
