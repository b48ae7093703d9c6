"""What an operator's own programs make of the server: figures read by Prometheus' parsers, a copy
taken by the sqlite3 program while everybody writes, and any moment put back by borg and by restic,
with the commands of docs/operations.md.

    operations.py CARNET     starts a server of its own; needs prometheus_client; promtool, sqlite3,
                             borg and restic
"""

import base64
import datetime
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
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


def blocks(heading):
    """The commands below a heading of docs/operations.md, but for the first block, which says where."""
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "../../docs/operations.md"), encoding="utf-8") as file:
        section = file.read().split(f"\n#### {heading}\n")[1]
    found = re.findall(r"```sh\n(.*?)```", re.split(r"\n##+ ", section)[0], re.S)
    assert len(found) == 4, (heading, len(found))
    return found[1:]


def run(commands, **variables):
    environment = dict(os.environ, **variables)
    said = subprocess.run(["bash", "-euo", "pipefail", "-c", commands], env=environment, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout + said.stderr


def get(url, name):
    path = f"{url}/dav/alice/private/contacts/{name}.vcf"
    return ask(path, Authorization=LOGIN)[0]


def token(url, known=""):
    body = f"""<sync-collection xmlns="DAV:"><sync-token>{known}</sync-token><sync-level>1</sync-level>
        <prop><getetag/></prop></sync-collection>""".encode()
    path = f"{url}/dav/alice/private/contacts/"
    status, _, text = ask(path, "REPORT", body, Authorization=LOGIN, Content_Type="application/xml")
    found = re.search(r"sync-token>([^<]+)<", text.decode())
    return status, found and found[1]


def size(folder):
    return sum(os.path.getsize(os.path.join(at, name)) for at, _, names in os.walk(folder) for name in names)


def check_moments(carnet, data, url, folder, program, variables):
    """Three moments kept while somebody writes; the server is taken back to the second one."""
    if not shutil.which(program):
        print(f"SKIPPED: {program} is not installed")
        return
    once, often, back = blocks(f"With {program}")
    tools = os.path.join(folder, "tools")
    os.makedirs(tools, exist_ok=True)
    if not os.path.exists(os.path.join(tools, "carnet")):
        os.symlink(os.path.abspath(carnet), os.path.join(tools, "carnet"))
    repository = os.path.join(folder, program)
    settings = {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "HOME": folder,
        "TZ": "UTC",
        "CARNET_DATA": data,
        "COPY": os.path.join(folder, f"{program}-copy.db"),
        **{name: value or repository for name, value in variables.items()},
    }
    run(once, **settings)
    stop = threading.Event()

    def write():
        count = 0
        while not stop.is_set():
            put(url, f"{program}-load{count}")
            count += 1

    writer = threading.Thread(target=write)
    writer.start()
    moments, sizes = [], []
    for moment in range(3):
        assert put(url, f"{program}-moment{moment}") == 201
        run(often, **settings)
        sizes.append(size(repository))
        time.sleep(1.1)
        moments.append(datetime.datetime.utcnow().strftime("%Y-%m-%dT%H:%M:%S"))
    stop.set()
    writer.join()
    _, known = token(url)
    run(back, WHEN=moments[1], **settings)
    there = [get(url, f"{program}-moment{moment}") for moment in range(3)]
    assert there == [200, 200, 404], there
    assert token(url, known)[0] == 403, "clients are told to start over"
    assert put(url, f"{program}-after") == 201
    whole = os.path.getsize(os.path.join(data, "carnet.db"))
    print(f"{program}: three moments of {whole} octets kept in {sizes}, the second put back under a running server")


def main(carnet):
    folder = tempfile.mkdtemp()
    data = os.path.join(folder, "data")
    server, url, figures = start(carnet, data)
    try:
        check_figures(url, figures)
        check_copy(carnet, data, url, folder)
        borg = {"BORG_REPO": None, "BORG_PASSPHRASE": "secret", "BORG_BASE_DIR": folder}
        check_moments(carnet, data, url, folder, "borg", borg)
        restic = {"RESTIC_REPOSITORY": None, "RESTIC_PASSWORD": "secret"}
        check_moments(carnet, data, url, folder, "restic", restic)
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder)


main(sys.argv[1])
