"""SyncEvolution finds the address books from the bare address.

Usage: syncevolution.py http://127.0.0.1:PORT
"""

import os
import subprocess
import sys
import tempfile


def main(url):
    with tempfile.TemporaryDirectory() as home:
        command = ["dbus-run-session", "--", "syncevolution", "--daemon=no", "--print-databases",
                   "backend=carddav", "username=alice", "password=demo", f"syncURL={url}/"]
        environment = {**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home,
                       "XDG_DATA_HOME": home}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    found = done.stdout + done.stderr
    assert "/dav/alice/private/contacts/" in found, found
    assert "group-" in found, found
    print("SyncEvolution: both address books are found")


main(sys.argv[1])
