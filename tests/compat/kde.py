"""KDE's library for address books (KDAV over KIO) finds, reads and writes, and understands refusals.

Usage: kde.py http://127.0.0.1:PORT
"""

import os
import pathlib
import signal
import subprocess
import sys
import sysconfig
import tempfile

SOURCE = pathlib.Path(__file__).with_name("kdav.cpp")
EXPECTED = """create 1
fetch 1
modify 1
late modify 0 conflict 1 present 1
late delete 0 present 1
delete 1
delete again 1
"""


def build(folder):
    """Compiles the program that drives the library."""
    qt = pathlib.Path("/usr/include", sysconfig.get_config_var("MULTIARCH"), "qt5")
    includes = [qt, qt / "QtCore", qt / "QtGui", "/usr/include/KF5/KDAV", "/usr/include/KF5/KCoreAddons"]
    program = pathlib.Path(folder, "kdav")
    subprocess.run(["g++", "-std=c++17", "-fPIC", *(f"-I{include}" for include in includes), SOURCE,
                    "-o", program, "-lKF5DAV", "-lKF5CoreAddons", "-lQt5Core"], check=True)
    return program


def session(command, environment, output):
    """Runs a command in a session of its own, and ends what KDE's programs leave running in it."""
    with open(output, "w") as told:
        running = subprocess.Popen(["dbus-run-session", "--", *command], env=environment, stdout=told,
                                   stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            running.wait(timeout=120)
        finally:
            os.killpg(running.pid, signal.SIGKILL)
    return pathlib.Path(output).read_text()


def main(url):
    # Programs that end late may still write into it.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        program = build(folder)
        runtime = pathlib.Path(folder, "runtime")
        runtime.mkdir(mode=0o700)
        environment = {**os.environ, "HOME": folder, "XDG_RUNTIME_DIR": str(runtime),
                       "XDG_CONFIG_HOME": folder, "XDG_CACHE_HOME": folder, "XDG_DATA_HOME": folder,
                       "QT_QPA_PLATFORM": "offscreen"}
        told = session([program, f"{url}/", "alice", "demo"], environment, f"{folder}/told")
    assert "books 1\n" in told, told
    assert "/group-" in told, told
    for line in told.splitlines():
        assert not line.startswith("book ") or line.endswith(" listed 1 read 1"), told
    assert EXPECTED in told, told
    print("KDE: discovery, reads, writes, conflicts and repeated deletion are understood")


main(sys.argv[1])
