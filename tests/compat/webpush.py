"""A push message is decrypted, and its signature verified, by http_ece and PyJWT.

Usage: webpush.py http://127.0.0.1:PORT     (a server with push_contact and push_allow_private)
"""

import base64
import http.server
import json
import os
import queue
import sys
import threading
import urllib.request
import xml.etree.ElementTree as ET

import http_ece
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

P = "{https://bitfire.at/webdav-push}"
D = "{DAV:}"
BOOK = "/dav/alice/private/contacts/"


def base64url(octets):
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def unbase64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def main(url):
    received = queue.Queue()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(201)
            self.end_headers()
            received.put((self.headers, body))

        def log_message(self, *_):
            pass

    service = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    origin = f"http://127.0.0.1:{service.server_port}"

    def send(method, path, body, headers=()):
        request = urllib.request.Request(url + path, body.encode(), method=method)
        credentials = base64.b64encode(b"alice:demo").decode()
        request.add_header("Authorization", f"Basic {credentials}")
        for name, value in headers:
            request.add_header(name, value)
        return urllib.request.urlopen(request)

    asked = ('<propfind xmlns="DAV:" xmlns:P="https://bitfire.at/webdav-push"><prop>'
             "<P:transports/><P:topic/><sync-token/></prop></propfind>")
    found = ET.parse(send("PROPFIND", BOOK, asked, [("Depth", "0")]))
    vapid = found.find(f".//{P}vapid-public-key").text
    topic = found.find(f".//{P}topic").text

    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    secret = os.urandom(16)
    register = f"""<push-register xmlns="https://bitfire.at/webdav-push"><subscription>
        <web-push-subscription><push-resource>{origin}/push</push-resource>
        <client-public-key type="p256dh">{base64url(public)}</client-public-key>
        <auth-secret>{base64url(secret)}</auth-secret></web-push-subscription></subscription>
        <trigger><content-update/><property-update/></trigger></push-register>"""
    answer = send("POST", BOOK, register, [("Content-Type", "application/xml")])
    assert answer.status == 201 and answer.headers["Location"], answer.headers

    card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:push\r\nN:P;;;;\r\nFN:P\r\nEND:VCARD\r\n"
    send("PUT", f"{BOOK}push.vcf", card, [("Content-Type", "text/vcard")])
    headers, body = received.get(timeout=10)
    text = http_ece.decrypt(body, private_key=key, auth_secret=secret, version="aes128gcm")
    message = ET.fromstring(text)
    assert message.tag == f"{P}push-message", text
    assert message.find(f"{P}topic").text == topic
    token = message.find(f"{P}content-update/{D}sync-token").text
    now = ET.parse(send("PROPFIND", BOOK, asked, [("Depth", "0")])).find(f".//{D}sync-token").text
    assert token == now, (token, now)

    scheme, _, rest = headers["Authorization"].partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert scheme == "vapid" and parts["k"] == vapid, headers
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unbase64url(vapid))
    claims = jwt.decode(parts["t"], point, algorithms=["ES256"], audience=origin)
    assert claims["sub"].startswith("mailto:"), json.dumps(claims)

    note = (f'<propertyupdate xmlns="DAV:"><set><prop><note xmlns="urn:compat">n</note></prop></set>'
            "</propertyupdate>")
    send("PROPPATCH", BOOK, note)
    _, body = received.get(timeout=10)
    text = http_ece.decrypt(body, private_key=key, auth_secret=secret, version="aes128gcm")
    message = ET.fromstring(text)
    assert message.find(f"{P}property-update") is not None, text
    assert message.find(f"{P}content-update") is None, text
    send("DELETE", answer.headers["Location"], "")
    send("DELETE", f"{BOOK}push.vcf", "")
    print("http_ece and PyJWT: the push message is readable and signed")


main(sys.argv[1])
