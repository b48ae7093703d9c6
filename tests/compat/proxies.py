"""Carnet behind nginx, Caddy, Apache and HAProxy, each with its file of deploy/proxy/ (ports and paths
replaced): CardDAV, Exchange ActiveSync with a held Ping, both over HTTP/1.1 and HTTP/2, the web, and the
client's own address.

Usage: proxies.py target/debug/carnet
"""

import base64
import concurrent.futures
import contextlib
import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import types
from pathlib import Path

carnet = sys.argv[1]
samples = Path(__file__).parent.parent.parent / "deploy" / "proxy"
HOST = "contacts.example.org"
folder = Path(tempfile.mkdtemp(prefix="carnet-proxies-"))
running = []


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start(*command, env=None):
    log = open(folder / f"{Path(command[0]).name}.log", "ab")
    process = subprocess.Popen(command, stdout=log, stderr=log, env=env)
    running.append(process)
    return process


def waits(port):
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    for log in folder.glob("*.log"):
        print(log.name, log.read_text(), file=sys.stderr)
    raise SystemExit(f"nothing listens on {port}")


def certificate():
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}",
         "-keyout", folder / "contacts.key", "-out", folder / "contacts.pem"],
        check=True, capture_output=True,
    )
    both = (folder / "contacts.pem").read_text() + (folder / "contacts.key").read_text()
    (folder / "contacts.both.pem").write_text(both)


def sample(name, port, backend, *more):
    """A file of deploy/proxy/ on other ports, with other paths."""
    text = (samples / name).read_text()
    for old, new in [("/etc/ssl/", f"{folder}/"), ("127.0.0.1:8080", f"127.0.0.1:{backend}"), *more]:
        assert old in text, (name, old)
        text = text.replace(old, new)
    return text


def nginx(port, backend):
    text = sample("nginx.conf", port, backend, ("listen 443", f"listen 127.0.0.1:{port}"))
    paths = "".join(
        f"{kind}_temp_path {folder}/nginx-{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off;\npid {folder}/nginx.pid;\nerror_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{paths}{text}}}\n"
    )
    return start("nginx", "-c", folder / "nginx.conf", "-e", "stderr")


def caddy(port, backend):
    text = sample("Caddyfile", port, backend, (f"{HOST} {{", f"https://{HOST}:{port} {{\n\tbind 127.0.0.1"))
    text = "{\n\tadmin off\n\tauto_https disable_redirects\n}\n" + text
    (folder / "Caddyfile").write_text(text)
    env = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    return start("caddy", "run", "--adapter", "caddyfile", "--config", folder / "Caddyfile", env=env)


def apache(port, backend):
    text = sample("apache.conf", port, backend, ("*:443", f"127.0.0.1:{port}"))
    modules = Path("/usr/lib/apache2/modules")
    names = ["mpm_event", "ssl", "http2", "proxy", "proxy_http", "headers", "socache_shmcb",
             "authz_core", "reqtimeout"]
    loads = "".join(f"LoadModule {name}_module {modules}/mod_{name}.so\n" for name in names)
    # A server that runs as nobody in particular.
    user = "User www-data\nGroup www-data\n" if os.getuid() == 0 else ""
    (folder / "apache.conf").write_text(
        f"ServerRoot {folder}\nPidFile {folder}/apache.pid\nErrorLog {folder}/apache2.log\n"
        f"DefaultRuntimeDir {folder}\nMutex file:{folder} default\n{user}"
        f"ServerName {HOST}\nListen 127.0.0.1:{port}\n{loads}{text}"
    )
    return start("apache2", "-X", "-f", folder / "apache.conf")


def haproxy(port, backend):
    text = sample("haproxy.cfg", port, backend, ("bind :443", f"bind 127.0.0.1:{port}"))
    (folder / "haproxy.cfg").write_text(text)
    return start("haproxy", "-f", folder / "haproxy.cfg")


PROXIES = {"nginx": nginx, "caddy": caddy, "apache2": apache, "haproxy": haproxy}


class Client:
    """Somebody at an address, who reaches a proxy by TLS."""

    def __init__(self, port, address, login="alice", password="demo"):
        self.port, self.address = port, address
        self.basic = "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()
        self.login = login

    def ask(self, method, path, body=b"", *, signed=True, **headers):
        trust = ssl.create_default_context(cafile=folder / "contacts.pem")
        plain = socket.create_connection(
            ("127.0.0.1", self.port), 120, source_address=(self.address, 0)
        )
        connection = http.client.HTTPSConnection(HOST, self.port, context=trust, timeout=120)
        connection.sock = trust.wrap_socket(plain, server_hostname=HOST)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if signed:
            sent["Authorization"] = self.basic
        if isinstance(body, str):
            body = body.encode()
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        answer.octets = answer.read()
        connection.close()
        return answer

    def eas(self, command, device, body, ask=None):
        return (ask or self.ask)(
            "POST",
            f"/Microsoft-Server-ActiveSync?Cmd={command}&User={self.login}&DeviceId={device}&DeviceType=iPhone",
            body, MS_ASProtocolVersion="16.1", Content_Type="application/vnd.ms-sync.wbxml",
        )

    def ask_http2(self, method, path, body=b"", **headers):
        """The same as curl asks, over HTTP/2."""
        with tempfile.TemporaryDirectory(dir=folder) as own:
            sent, got = Path(own, "sent"), Path(own, "got")
            sent.write_bytes(body.encode() if isinstance(body, str) else body)
            command = [
                "curl", "--http2", "--silent", "--show-error", "--max-time", "120",
                "--cacert", folder / "contacts.pem", "--resolve", f"{HOST}:{self.port}:127.0.0.1",
                "--interface", self.address, "--request", method, "--output", got,
                "--write-out", "%{http_version} %{http_code}", "--header", f"Authorization: {self.basic}",
                f"https://{HOST}:{self.port}{path}",
            ]
            for name, value in headers.items():
                command += ["--header", f"{name.replace('_', '-')}: {value}"]
            if body:
                command += ["--data-binary", f"@{sent}"]
            done = subprocess.run(command, capture_output=True, text=True)
            assert done.returncode == 0, (command, done.stderr)
            version, status = done.stdout.split()
            assert version == "2", (command, done.stdout)
            octets = got.read_bytes() if got.exists() else b""
            return types.SimpleNamespace(status=int(status), octets=octets)


def strings(octets):
    """The texts of a WBXML document, in order."""
    return [text.decode() for text in re.findall(rb"\x03([^\x00]*)\x00", octets[4:])]


def wbxml(*parts):
    out = b"\x03\x01\x6a\x00"
    for part in parts:
        out += part if isinstance(part, bytes) else b"\x03" + part.encode() + b"\x00\x01"
    return out


def card(uid, note="x"):
    return (
        f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nN:{uid};;;;\r\nFN:{uid}\r\n"
        f"NOTE:{note}\r\nEND:VCARD\r\n"
    )


def carddav(name, client):
    book = "/dav/alice/private/contacts/"
    listed = client.ask("PROPFIND", book, Depth="1")
    assert listed.status == 207, (name, listed.status)
    # An encoded slash comes through as it was sent: Carnet itself refuses it in a name.
    slash = client.ask("PUT", f"{book}{name}%2Fa.vcf", card(f"{name}-x"), Content_Type="text/vcard")
    assert slash.status == 400, (name, slash.status, slash.octets)
    path = f"{book}{name}-a%20b%C3%A9.vcf"
    made = client.ask("PUT", path, card(f"{name}-one"), If_None_Match="*", Content_Type="text/vcard")
    assert made.status == 201, (name, made.status, made.octets)
    tag = client.ask("GET", path).getheader("ETag")
    packed = client.ask("GET", path, Accept_Encoding="gzip").getheader("ETag")
    assert tag == packed and tag.startswith('"'), (name, tag, packed)
    wrong = client.ask("PUT", path, card(f"{name}-one", "y"), If_Match='"other"', Content_Type="text/vcard")
    assert wrong.status == 412, (name, wrong.status)
    right = client.ask("PUT", path, card(f"{name}-one", "y"), If_Match=tag, Content_Type="text/vcard")
    assert right.status == 204, (name, right.status)
    listed = client.ask("PROPFIND", book, Depth="1").octets.decode()
    assert f"{name}-a%20b%C3%A9.vcf" in listed, name
    report = client.ask(
        "REPORT", book,
        '<sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>',
        Content_Type="application/xml",
    )
    assert report.status == 207 and b"sync-token" in report.octets, (name, report.status)
    # The client names the address it knows: https, and the proxy's port.
    moved = client.ask("MOVE", path, Destination=f"https://{HOST}:{client.port}{book}{name}-moved.vcf")
    assert moved.status == 201, (name, moved.status, moved.octets)
    assert client.ask("GET", f"{book}{name}-moved.vcf").status == 200
    # 8 MiB, by a client that waits to be told to go on (RFC 9110 §10.1.1).
    large = card(f"{name}-large", "n" * (8 << 20))
    big = client.ask("PUT", f"{book}{name}-large.vcf", large, Content_Type="text/vcard")
    assert big.status == 201, (name, big.status, big.octets[:200])
    options = client.ask("OPTIONS", book)
    assert options.status == 200 and "addressbook" in options.getheader("DAV"), (name, options.status)


def devices(name, client):
    options = client.ask("OPTIONS", "/Microsoft-Server-ActiveSync")
    assert options.status == 200 and options.getheader("MS-ASProtocolVersions"), (name, options.status)
    device = f"{name}phone"
    folders = client.eas("FolderSync", device, wbxml(b"\x00\x07\x56\x52", "0", b"\x01"))
    assert folders.status == 200, (name, folders.status, folders.octets)
    told = strings(folders.octets)
    contacts = told[told.index("9") - 3]
    key = "0"
    for _ in range(20):
        body = wbxml(b"\x00\x00\x45\x5c\x4f\x4b", key, b"\x52", contacts, b"\x01\x01\x01")
        synced = client.eas("Sync", device, body)
        assert synced.status == 200, (name, synced.status, synced.octets)
        if not synced.octets:
            break
        key = strings(synced.octets)[0]
    return device, contacts


def ping(client, device, contacts, seconds, ask=None):
    body = wbxml(
        b"\x00\x0d\x45\x48", str(seconds), b"\x49\x4a\x4b", contacts, b"\x4c", "Contacts", b"\x01\x01\x01"
    )
    begun = time.monotonic()
    answer = client.eas("Ping", device, body, ask)
    return answer.status, strings(answer.octets)[:1], time.monotonic() - begun


def held(name, client, pool):
    device, contacts = devices(name, client)
    waiting = pool.submit(ping, client, device, contacts, 600)
    time.sleep(3)
    assert not waiting.done(), (name, waiting.result())
    put = client.ask(
        "PUT", f"/dav/alice/private/contacts/{name}-wakes.vcf", card(f"{name}-wakes"),
        Content_Type="text/vcard",
    )
    assert put.status == 201, (name, put.status)
    status, said, took = waiting.result()
    assert (status, said) == (200, ["2"]) and 3 <= took < 8, (name, status, said, took)
    return took - 3


def http2(name, client, pool):
    book = "/dav/alice/private/contacts/"
    listed = client.ask_http2("PROPFIND", book, Depth="1")
    assert listed.status == 207 and f"{name}-large.vcf".encode() in listed.octets, (name, listed.status)
    path = f"{book}{name}-large-http2.vcf"
    note = "n" * (8 << 20)
    large = client.ask_http2("PUT", path, card(f"{name}-large-http2", note), Content_Type="text/vcard")
    assert large.status == 201, (name, large.status, large.octets[:200])
    read = client.ask_http2("GET", path)
    assert read.status == 200 and note in read.octets.decode().replace("\r\n ", ""), (name, read.status)
    # The device is told of what came since, and has nothing to hear of then.
    device, contacts = devices(name, client)
    waiting = pool.submit(ping, client, device, contacts, 600, client.ask_http2)
    time.sleep(3)
    assert not waiting.done(), (name, waiting.result())
    made = client.ask_http2("PUT", f"{book}{name}-http2.vcf", card(f"{name}-http2"), Content_Type="text/vcard")
    assert made.status == 201, (name, made.status)
    status, said, took = waiting.result()
    assert (status, said) == (200, ["2"]) and 3 <= took < 8, (name, status, said, took)
    return took - 3


def web(name, client):
    signed = client.ask(
        "POST", "/login", "login=alice&password=demo", signed=False,
        Content_Type="application/x-www-form-urlencoded",
        X_Forwarded_For="203.0.113.9", Forwarded="for=203.0.113.9",
    )
    cookie = signed.getheader("Set-Cookie")
    assert signed.status == 303 and cookie.startswith("__Host-carnet=") and "Secure" in cookie, (name, cookie)
    assert signed.getheader("Strict-Transport-Security"), name
    page = client.ask("GET", "/settings/account", signed=False, Cookie=cookie.split(";")[0])
    page = page.octets.decode()
    assert client.address in page and "203.0.113.9" not in page, name


def throttle(name, port, number):
    attacker, other = f"127.0.{number}.8", f"127.0.{number}.9"
    statuses = []
    for guess in range(12):
        client = Client(port, attacker, "bob", f"wrong {name} {guess}")
        # Names an address of its own each time.
        spoofed = f"203.0.113.{guess}"
        answer = client.ask(
            "PROPFIND", "/dav/bob/private/contacts/", Depth="0",
            X_Forwarded_For=spoofed, Forwarded=f"for={spoofed}", X_Real_IP=spoofed,
        )
        statuses.append(answer.status)
    assert statuses[0] == 401 and any(status in (429, 503) for status in statuses), (name, statuses)
    answer = Client(port, other, "bob").ask("PROPFIND", "/dav/bob/private/contacts/", Depth="0")
    assert answer.status == 207, (name, "somebody else is held up", answer.status)


def main():
    certificate()
    backend = free_port()
    config = folder / "carnet.toml"
    config.write_text(
        f'data = "{folder}/data"\nlisten = ["http://127.0.0.1:{backend}"]\n'
        f'public_url = "https://{HOST}"\ntrusted_proxies = ["127.0.0.1"]\n'
    )
    start(carnet, "serve", "--demo", "--config", config)
    waits(backend)
    ports = {}
    for name, run in PROXIES.items():
        ports[name] = free_port()
        run(ports[name], backend)
    for port in ports.values():
        waits(port)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        long = {}
        for number, (name, port) in enumerate(ports.items(), 1):
            client = Client(port, f"127.0.{number}.7")
            carddav(name, client)
            took = held(name, client, pool)
            again = http2(name, client, pool)
            web(name, client)
            throttle(name, port, number)
            print(f"{name}: CardDAV, a Ping woken after {took * 1000:.0f} ms, over HTTP/2 "
                  f"after {again * 1000:.0f} ms, the web, the client's address")
            quiet = Client(port, f"127.0.{number}.7", "carol")
            long[name] = pool.submit(ping, quiet, *devices(name, quiet), 90)
        for name, waiting in long.items():
            status, said, took = waiting.result()
            assert (status, said) == (200, ["1"]) and took >= 89, (name, status, said, took)
        print("a Ping of 90 seconds is held to its end by each of them")


try:
    # Servers that give their rights away still read the certificate.
    folder.chmod(0o755)
    main()
finally:
    for process in reversed(running):
        process.terminate()
    for process in running:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        process.kill()
    shutil.rmtree(folder, ignore_errors=True)
