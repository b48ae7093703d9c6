"""libwbxml reads every WBXML fixture as the tree beside it says.

AccountOnlyRemoteWipe (page 14, 0x3B) is newer than the library: those messages are passed over.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "wbxml"


def tags(tree):
    return [re.match(r"\s*\w+:(\w+)", line).group(1) for line in tree.splitlines() if line.strip()]


def main():
    checked = 0
    for path in sorted(FIXTURES.glob("*.txt")):
        octets, tree = path.read_text().split("\n\n", 1)
        if "AccountOnlyRemoteWipe" in tree:
            continue
        data = bytes.fromhex("".join(octets.splitlines()[1:]))
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder, "in.wbxml")
            source.write_bytes(data)
            command = ["wbxml2xml", "-l", "ACTIVESYNC", "-o", "-", str(source)]
            done = subprocess.run(command, capture_output=True)
        assert done.returncode == 0, (path, done.stderr)
        xml = done.stdout.decode()
        found = re.findall(r"<(?!\?|!|/)(?:[\w-]+:)?([\w-]+)", xml)
        assert found == tags(tree), (path, found, tags(tree))
        checked += 1
    assert checked >= 30, checked
    print(f"libwbxml: {checked} messages read alike")


sys.exit(main())
