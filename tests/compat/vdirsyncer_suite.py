"""vdirsyncer's own storage tests for CardDAV pass against a started server.

Usage: vdirsyncer_suite.py http://127.0.0.1:PORT FOLDER
FOLDER holds the unpacked source distribution (its tests are in no wheel). None of its
36 tests may fail; it skips two itself: calendars, and metadata of servers it does not know.
"""

import os
import pathlib
import re
import subprocess
import sys

MIXIN = '''
import pytest


class ServerMixin:
    @pytest.fixture
    def get_storage_args(self, slow_create_collection, aio_connector):
        async def inner(collection="test"):
            args = {
                "url": "%s/",
                "username": "carol",
                "password": "demo",
                "connector": aio_connector,
            }
            if collection is not None:
                args = await slow_create_collection(self.storage_class, args, collection)
            return args

        return inner
'''


def main(url, folder):
    source = next(pathlib.Path(folder).glob("vdirsyncer-*/"))
    server = source / "tests" / "storage" / "servers" / "carnet"
    server.mkdir(exist_ok=True)
    (server / "__init__.py").write_text(MIXIN % url)
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "-o", "addopts=",
               "tests/storage/dav/test_carddav.py"]
    environment = {**os.environ, "DAV_SERVER": "carnet", "PYTHONPATH": "."}
    done = subprocess.run(command, cwd=source, env=environment, capture_output=True, text=True)
    print(done.stdout[-4000:], done.stderr[-2000:])
    assert done.returncode == 0, "vdirsyncer's storage tests failed"
    passed, skipped = (
        int(found.group(1)) if (found := re.search(rf"(\d+) {word}", done.stdout)) else 0
        for word in ("passed", "skipped")
    )
    assert (passed, skipped) == (34, 2), done.stdout[-300:]
    print(f"vdirsyncer's storage tests: {passed} passed, {skipped} are not for CardDAV")


main(*sys.argv[1:])
