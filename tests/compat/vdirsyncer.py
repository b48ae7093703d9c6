"""vdirsyncer synchronizes a folder and the private book both ways, and reads a group's members.

Usage: vdirsyncer.py http://127.0.0.1:PORT
"""

import pathlib
import subprocess
import sys
import tempfile

CARD = """BEGIN:VCARD\r
VERSION:3.0\r
UID:{uid}\r
N:{name};;;;\r
FN:{name}\r
CATEGORIES:Clients\r
X-ODD;x=y:kept\r
END:VCARD\r
"""

CONFIG = """
[general]
status_path = "{folder}/status/"

[pair book]
a = "local"
b = "remote"
collections = ["contacts"]
conflict_resolution = "b wins"

[storage local]
type = "filesystem"
path = "{folder}/local/"
fileext = ".vcf"

[storage remote]
type = "carddav"
url = "{url}/"
username = "bob"
password = "demo"
"""


MEMBERS = """
[general]
status_path = "{folder}/status/"

[pair members]
a = "local"
b = "remote"
collections = null

[storage local]
type = "filesystem"
path = "{folder}/members/"
fileext = ".vcf"

[storage remote]
type = "carddav"
url = "{url}/dav/groups/Team/members/"
username = "bob"
password = "demo"
read_only = true
"""


def members(url):
    """The read-only book of a group's members."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "config").write_text(MEMBERS.format(folder=folder, url=url))
        (folder / "members").mkdir()
        for command in ["discover", "sync", "sync"]:
            arguments = ["vdirsyncer", "-c", str(folder / "config"), command]
            done = subprocess.run(arguments, input="y\n" * 9, text=True, capture_output=True)
            assert done.returncode == 0, done.stdout + done.stderr
        cards = [path.read_text() for path in (folder / "members").glob("*.vcf")]
        names = sorted(line for card in cards for line in card.splitlines() if "FN:" in line)
        assert names == ["FN:Alice Martin", "FN:Bob Keller", "FN:Carol Nguyen"], cards
    print("vdirsyncer: the members of a group are read")


def main(url):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "config").write_text(CONFIG.format(folder=folder, url=url))
        local = folder / "local" / "contacts"

        def vdirsyncer(*arguments):
            command = ["vdirsyncer", "-c", str(folder / "config"), *arguments]
            done = subprocess.run(command, input="y\n" * 9, text=True, capture_output=True)
            assert done.returncode == 0, done.stdout + done.stderr

        vdirsyncer("discover")
        local.mkdir(parents=True, exist_ok=True)
        (local / "one.vcf").write_bytes(CARD.format(uid="one", name="One").encode())
        (local / "two.vcf").write_bytes(CARD.format(uid="two", name="Two").encode())
        vdirsyncer("sync")

        # Another copy of the folder receives both, byte for byte.
        other = folder / "other"
        config = CONFIG.format(folder=other, url=url)
        other.mkdir()
        (other / "config").write_text(config)

        def elsewhere(*arguments):
            command = ["vdirsyncer", "-c", str(other / "config"), *arguments]
            done = subprocess.run(command, input="y\n" * 9, text=True, capture_output=True)
            assert done.returncode == 0, done.stdout + done.stderr

        elsewhere("discover")
        elsewhere("sync")
        received = sorted((other / "local" / "contacts").glob("*.vcf"))
        assert len(received) == 2, received
        texts = {path.read_bytes() for path in received}
        assert CARD.format(uid="one", name="One").encode() in texts, texts

        # A change there and a deletion here meet.
        changed = next(path for path in received if b"UID:one" in path.read_bytes())
        changed.write_bytes(CARD.format(uid="one", name="Uno").encode())
        (local / "two.vcf").unlink()
        elsewhere("sync")
        vdirsyncer("sync", "--force-delete")
        elsewhere("sync", "--force-delete")
        mine = [path.read_bytes() for path in local.glob("*.vcf")]
        theirs = [path.read_bytes() for path in (other / "local" / "contacts").glob("*.vcf")]
        assert mine == theirs == [CARD.format(uid="one", name="Uno").encode()], (mine, theirs)
    print("vdirsyncer: two-way synchronization agrees")


main(sys.argv[1])
members(sys.argv[1])
