"""libwbxml reads every WBXML fixture, and every message the server sends in the tests, as we do.

    CARNET_WBXML_DUMP=FOLDER cargo test --test it eas::     keeps the messages of the tests
    CARNET_WBXML_DUMP=FOLDER python3 tests/compat/wbxml2xml.py

AccountOnlyRemoteWipe (page 14, 0x3B) is newer than the library: those messages are passed over.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "wbxml"


def tags(tree):
    return [re.match(r"\s*\w+:(\w+)", line).group(1) for line in tree.splitlines() if line.strip()]


def read(data):
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "in.wbxml")
        source.write_bytes(data)
        command = ["wbxml2xml", "-l", "ACTIVESYNC", "-o", "-", str(source)]
        done = subprocess.run(command, capture_output=True)
    assert done.returncode == 0, done.stderr
    return re.findall(r"<(?!\?|!|/)(?:[\w-]+:)?([\w-]+)", done.stdout.decode(errors="replace"))


def fixtures():
    for path in sorted(FIXTURES.glob("*.txt")):
        octets, tree = path.read_text().split("\n\n", 1)
        yield path, bytes.fromhex("".join(octets.splitlines()[1:])), tree


def dumped():
    folder = os.environ.get("CARNET_WBXML_DUMP")
    for path in sorted(pathlib.Path(folder).glob("*.wbxml")) if folder else []:
        yield path, path.read_bytes(), path.with_suffix(".tree").read_text()


def main():
    checked = 0
    for path, data, tree in [*fixtures(), *dumped()]:
        if "AccountOnlyRemoteWipe" in tree:
            continue
        # The library calls BusinessAddressCity BusinessCity, and so on: other labels, the same tokens.
        plain = [name.replace("Address", "").lower() for name in tags(tree)]
        found = [name.replace("Address", "").lower() for name in read(data)]
        assert found == plain, (path, found, plain)
        checked += 1
    assert checked >= 30, checked
    print(f"libwbxml: {checked} messages read alike")


sys.exit(main())
