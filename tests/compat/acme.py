"""A certificate from Pebble, the authority for tests of Let's Encrypt's own makers: had by
tls-alpn-01, renewed, kept while the authority is away, and told where it cannot be had.

Usage: acme.py target/debug/carnet
"""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

carnet = sys.argv[1]
folder = Path(tempfile.mkdtemp(prefix="carnet-acme-"))
data = folder / "data"
kept = data / "tls" / "acme"
NAMES = ["contacts.example.test", "dav.example.test"]
running = {}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


dns, told, directory, management, port = (free_port() for _ in range(5))


def start(name, *command, env=None):
    log = open(folder / f"{name}.log", "ab")
    running[name] = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **(env or {})})


def stop(name):
    process = running.pop(name)
    process.terminate()
    process.wait(20)


def until(what, seconds, so):
    for _ in range(seconds * 5):
        with contextlib.suppress(OSError, ssl.SSLError):
            if found := so():
                return found
        time.sleep(0.2)
    for log in sorted(folder.glob("*.log")):
        print(f"--- {log.name}\n{log.read_text()[-4000:]}", file=sys.stderr)
    raise SystemExit(f"acme: {what}: not within {seconds} seconds")


def pebble():
    # A nonce in twenty is refused, and a valid authorization now and then forgotten.
    start(
        "pebble", "pebble", "-config", folder / "pebble.json", "-dnsserver", f"127.0.0.1:{dns}",
        env={"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "5", "PEBBLE_AUTHZREUSE": "50"},
    )
    trusted = ssl.create_default_context(cafile=folder / "pebble.pem")
    address = f"https://localhost:{management}/roots/0"
    root = until("Pebble", 20, lambda: urllib.request.urlopen(address, context=trusted).read())
    return root.decode()


def shown(name=NAMES[0], root=None):
    """The certificate the server shows; verified against a root where one is given."""
    trust = ssl.create_default_context(cadata=root) if root else ssl._create_unverified_context()
    with socket.create_connection(("127.0.0.1", port), 5) as plain:
        with trust.wrap_socket(plain, server_hostname=name) as stream:
            return hashlib.sha256(stream.getpeercert(binary_form=True)).hexdigest()


def verified(name, root):
    try:
        return shown(name, root)
    except ssl.SSLCertVerificationError:
        return None


def serve(names):
    (folder / "carnet.toml").write_text(
        f'data = "{data}"\nlisten = ["https://127.0.0.1:{port}"]\n'
        f'[acme]\ndomains = {json.dumps(names)}\ncontact = "admin@example.test"\n'
        f'directory = "https://localhost:{directory}/dir"\nterms_agreed = true\n'
        f'authority = "{folder}/pebble.pem"\n'
    )
    start("carnet", carnet, "serve", "--config", folder / "carnet.toml")


def state():
    command = [carnet, "acme", "--json", "--config", folder / "carnet.toml"]
    return subprocess.run(command, capture_output=True, text=True)


def main():
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE",
         "-keyout", folder / "pebble.key", "-out", folder / "pebble.pem"],
        check=True, capture_output=True,
    )
    (folder / "pebble.json").write_text(json.dumps({"pebble": {
        "listenAddress": f"127.0.0.1:{directory}",
        "managementListenAddress": f"127.0.0.1:{management}",
        "certificate": str(folder / "pebble.pem"),
        "privateKey": str(folder / "pebble.key"),
        "httpPort": 1,
        "tlsPort": port,
        "ocspResponderURL": "",
        "externalAccountBindingRequired": False,
        "certificateValidityPeriod": 45,
    }}))
    # Every name leads here, but for one.
    start(
        "names", "pebble-challtestsrv", "-dns01", f"127.0.0.1:{dns}", "-management", f"127.0.0.1:{told}",
        "-http01", "", "-https01", "", "-tlsalpn01", "",
        "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "",
    )
    root = pebble()
    serve(NAMES)
    first = until("a certificate", 30, lambda: verified(NAMES[0], root))
    assert verified(NAMES[1], root) == first
    assert verified("other.example.test", root) is None
    assert kept.stat().st_mode & 0o777 == 0o700
    for name in ("account.json", "certificate.pem", "state.json"):
        assert (kept / name).stat().st_mode & 0o777 == 0o600, name
    told_state = json.loads(state().stdout)
    assert told_state["failures"] == 0 and told_state["error"] is None, told_state
    print("acme: a certificate for two names by tls-alpn-01")

    # Nobody else gets the proof's protocol, nor a proof that is over.
    asked = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-alpn", "acme-tls/1", "-servername", NAMES[0]],
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )
    assert "ALPN protocol: acme-tls/1" not in asked.stdout, asked.stdout
    account = (kept / "account.json").read_text()

    # A connection of before goes on while the certificate is renewed after two thirds of 45 seconds.
    trust = ssl.create_default_context(cadata=root)
    second = until("a renewal", 100, lambda: (found := verified(NAMES[0], root)) and found != first and found)
    assert (kept / "account.json").read_text() == account
    print("acme: renewed by itself, with the same account")

    # The authority is away: what there is is served, the state says why, and a start changes nothing.
    stop("pebble")
    until("a failure", 100, lambda: state().returncode == 1 and "attempts failed" in state().stderr)
    assert shown() == second
    stop("carnet")
    serve(NAMES)
    until("the server", 20, shown)
    assert shown() == second
    waiting = json.loads((kept / "state.json").read_text())
    assert waiting["next"] - time.time() > 60, "it does not ask at once after a start"

    # It is back and knows nobody: the account is made anew, when asked (SIGHUP).
    root = pebble()

    def again():
        running["carnet"].send_signal(signal.SIGHUP)
        time.sleep(2)
        return verified(NAMES[0], root)

    third = until("a new account", 30, again)
    assert third != second and (kept / "account.json").read_text() != account
    assert state().returncode == 0
    print("acme: kept while the authority was away, had again after")

    # A name that leads elsewhere is refused, with the authority's reason; the old certificate stays.
    body = json.dumps({"host": "elsewhere.example.test", "addresses": ["127.0.0.99"]}).encode()
    urllib.request.urlopen(f"http://127.0.0.1:{told}/add-a", body)
    stop("carnet")
    serve([*NAMES, "elsewhere.example.test"])
    until("a refusal", 30, lambda: "elsewhere.example.test" in state().stderr)
    assert shown() == third
    assert "BEGIN" not in (folder / "carnet.log").read_text()
    print(f"acme: {state().stderr.strip()}")


try:
    main()
finally:
    for process in running.values():
        process.terminate()
    for process in running.values():
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        process.kill()
    shutil.rmtree(folder, ignore_errors=True)
