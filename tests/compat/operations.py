"""What an operator's own programs make of the server: figures read by Prometheus' parsers, a copy
taken by the sqlite3 program while everybody writes.

    operations.py CARNET     starts a server of its own; needs prometheus_client; promtool and sqlite3
"""

import base64
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request

from prometheus_client import parser
from prometheus_client.openmetrics import parser as open_parser

LOGIN = "Basic " + base64.b64encode(b"alice:demo").decode()
OPEN = "application/openmetrics-text; version=1.0.0"


def ask(url, method="GET", body=None, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def samples(families):
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def start(carnet, data):
    environment = dict(os.environ, CARNET_METRICS_LISTEN="http://127.0.0.1:0")
    server = subprocess.Popen(
        [carnet, "serve", "--demo", "--data", data, "--listen", "http://127.0.0.1:0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    figures = url = None
    while not (figures and url):
        line = server.stdout.readline()
        assert line, "the server ended"
        figures = figures or (m := re.match(r"figures on (\S+)", line)) and m[1]
        url = url or (m := re.match(r"listening on (\S+)", line)) and m[1]
    return server, url, figures


def card(name):
    return (
        f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{name}\r\nN:{name};;;;\r\nFN:{name}\r\nEND:VCARD\r\n"
    ).encode()


def put(url, name):
    path = f"{url}/dav/alice/private/contacts/{name}.vcf"
    return ask(path, "PUT", card(name), Authorization=LOGIN, Content_Type="text/vcard")[0]


def check_figures(url, figures):
    assert put(url, "figures") == 201
    status, headers, text = ask(figures)
    assert status == 200 and headers["Content-Type"].startswith("text/plain; version=0.0.4")
    text = text.decode()
    classic = samples(parser.text_string_to_metric_families(text))
    status, headers, more = ask(figures, Accept=OPEN)
    assert headers["Content-Type"].startswith("application/openmetrics-text")
    modern = samples(open_parser.text_string_to_metric_families(more.decode()))
    key = (
        "carnet_requests_total",
        (("command", "PUT"), ("face", "carddav"), ("status", "201")),
    )
    assert classic[key] == modern[key] == 1, (classic.get(key), modern.get(key))
    kinds = {f.name: f.type for f in parser.text_string_to_metric_families(text)}
    assert kinds["carnet_requests"] == "counter", kinds
    assert kinds["carnet_commit_seconds"] == "histogram", kinds
    print(f"prometheus_client: {len(classic)} samples of {len(kinds)} families in both forms")
    promtool = shutil.which("promtool")
    if promtool:
        said = subprocess.run([promtool, "check", "metrics"], input=text, text=True, capture_output=True)
        assert said.returncode == 0, said.stdout + said.stderr
        print("promtool: nothing to complain about")


def check_copy(carnet, data, url, folder):
    """`.backup` by another program while four clients write."""
    stop = threading.Event()
    stored = [[] for _ in range(4)]

    def write(number):
        count = 0
        while not stop.is_set():
            name = f"load{number}-{count}"
            assert put(url, name) == 201, name
            stored[number].append(name)
            count += 1

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    while min(len(names) for names in stored) < 20:
        stop.wait(0.05)
    before = [len(names) for names in stored]
    copy = os.path.join(folder, "copy.db")
    subprocess.run(
        ["sqlite3", "-cmd", ".timeout 60000", os.path.join(data, "carnet.db"), f".backup '{copy}'"],
        check=True,
    )
    stop.set()
    for writer in writers:
        writer.join()
    elsewhere = os.path.join(folder, "elsewhere")
    subprocess.run([carnet, "restore", copy, "--data", elsewhere], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([carnet, "check", "--data", elsewhere], check=True, stdout=subprocess.DEVNULL)
    exported = subprocess.run(
        [carnet, "export", "--from", "alice", "--format", "vcard", "--data", elsewhere],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for number, names in enumerate(stored):
        there = [f"UID:{name}\n" in exported.replace("\r", "") for name in names]
        length = there.index(False) if False in there else len(there)
        assert not any(there[length:]), "the copy is no prefix"
        assert length >= before[number], (length, before[number])
    print(f"sqlite3: a copy taken while {sum(map(len, stored))} cards were written is a prefix of them")


def main(carnet):
    folder = tempfile.mkdtemp()
    data = os.path.join(folder, "data")
    server, url, figures = start(carnet, data)
    try:
        check_figures(url, figures)
        check_copy(carnet, data, url, folder)
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder)


main(sys.argv[1])
