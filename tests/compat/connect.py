"""Connects vdirsyncer with nothing but what the page for connecting says, and reads the profile as
Apple's programs do: a property list.

Usage: connect.py http://127.0.0.1:PORT
"""

import http.cookiejar
import plistlib
import re
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path

url = sys.argv[1]
jar = http.cookiejar.CookieJar()
browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))


def page(path, fields=None):
    data = urllib.parse.urlencode(fields).encode() if fields is not None else None
    return browser.open(url + path, data).read().decode()


def value(text, name):
    return re.search(rf'<code id="value-{name}">([^<]*)<', text).group(1)


page("/login", {"login": "carol", "password": "demo"})


def make(kind, **fields):
    token = re.search(r'name="token" value="([^"]+)"', page(f"/connect/{kind}")).group(1)
    return page(f"/connect/{kind}", {"token": token, **fields})


guide = make("other", name="vdirsyncer")
state = re.search(r'data-state="([^"]+)"', guide).group(1).replace("&#38;", "&").replace("&amp;", "&")
assert "Waiting" in page(state)

with tempfile.TemporaryDirectory() as folder:
    folder = Path(folder)
    (folder / "config").write_text(
        f"""[general]
status_path = "{folder}/status/"
[pair books]
a = "here"
b = "server"
collections = ["from b"]
[storage here]
type = "filesystem"
path = "{folder}/here/"
fileext = ".vcf"
[storage server]
type = "carddav"
url = "{value(guide, 'address')}"
username = "{value(guide, 'login')}"
password = "{value(guide, 'app-password')}"
"""
    )
    for command in ("discover", "sync"):
        done = subprocess.run(
            ["vdirsyncer", "-c", folder / "config", command],
            input="y\n" * 20, text=True, capture_output=True,
        )
        assert done.returncode == 0, done.stderr
    assert any((folder / "here").rglob("*.vcf")), "no contact came"

profile = make("iphone", inside="1")
link = re.search(r'id="profile" href="([^"]+)"', profile).group(1)
# Signed with the key of the server; what is inside is a property list.
signed = urllib.request.urlopen(link).read()
opened = subprocess.run(
    ["openssl", "cms", "-verify", "-noverify", "-inform", "DER"],
    input=signed, capture_output=True,
)
assert opened.returncode == 0, opened.stderr
read = plistlib.loads(opened.stdout)
[account] = read["PayloadContent"]
assert read["PayloadType"] == "Configuration"
assert account["PayloadType"] == "com.apple.eas.account"
assert account["UserName"] == "carol" and account["Host"] == value(profile, "server")
assert account["Password"] == value(profile, "app-password")
assert account["EnableContacts"] is True and account["EnableMail"] is False
print("connect: vdirsyncer follows the page, and the signed profile is a property list")
