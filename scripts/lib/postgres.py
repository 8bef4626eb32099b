# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL cluster of its own in a temporary folder, for tests and measurements: made by initdb, on a Unix socket
and a free loopback port, every commit synced, stopped by its own process id. Run by itself it starts one, sets
SHANQIAO_TEST_POSTGRES to its URI, runs the command given, and ends with that command's code."""
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

START_SECONDS = 30
MEMORY_BYTES = 2 << 30
SETTINGS = """\
listen_addresses = '127.0.0.1'
max_connections = 100
shared_buffers = 64MB
fsync = on
synchronous_commit = on
full_page_writes = on
log_min_messages = warning
"""


def programs():
    """Folder of initdb and postgres: on the path, or where Debian keeps them."""
    found = shutil.which("postgres")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name), reverse=True)
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise RuntimeError("PostgreSQL is not installed; run scripts/setup test")


def memory():
    """Where a server that only tests use keeps its files: in memory where there is room, since making a database for
    each test waits for the disk most of the time. None: where temporary files go."""
    shm = Path("/dev/shm")
    return shm if shm.is_dir() and os.access(shm, os.W_OK) and shutil.disk_usage(shm).free >= MEMORY_BYTES else None


class Postgres:
    def __init__(self, parent=None):
        # PostgreSQL refuses to run as root
        self.user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="shanqiao-pg-", dir=parent))
        if self.user:
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.process = None
        self.bin = programs()
        self.run("initdb", "--pgdata", self.data, "--auth=trust", "--username=shanqiao", "--encoding=UTF8",
                 "--locale=C", "--no-instructions")
        with open(self.data / "postgresql.conf", "a") as f:
            f.write(f"{SETTINGS}port = {self.port}\nunix_socket_directories = '{self.folder}'\n")

    @property
    def data(self):
        return self.folder / "data"

    def as_user(self):
        return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}

    def run(self, name, *argv):
        done = subprocess.run([str(self.bin / name), *map(str, argv)], capture_output=True, text=True, cwd=self.folder,
                              **self.as_user())
        if done.returncode:
            raise RuntimeError(f"{name}: {(done.stderr or done.stdout).strip()}")
        return done.stdout

    def uri(self, database="postgres"):
        return f"postgresql://shanqiao@127.0.0.1:{self.port}/{database}"

    def socket_uri(self, database="postgres"):
        """Of the Unix socket: what one would use on one machine."""
        return f"postgresql://shanqiao@/{database}?host={self.folder}&port={self.port}"

    def start(self):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen([str(self.bin / "postgres"), "-D", str(self.data)], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, cwd=self.folder, **self.as_user())
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                self.run("psql", "-qAt", self.uri(), "-c", "SELECT 1")
                return self
            except RuntimeError:
                time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL does not start: {(self.folder / 'log').read_text()[-600:]}")

    def create(self, database):
        self.query(f"CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")
        return self.uri(database)

    def query(self, sql, database="postgres"):
        return self.run("psql", "-qAt", "-v", "ON_ERROR_STOP=1", self.uri(database), "-c", sql).strip()

    def kill(self):
        """As a crash of the machine's database would: at once, recovery at the next start."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(30)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)  # "fast": ends open sessions
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    server = Postgres(memory())
    try:
        server.start()
        done = subprocess.run(sys.argv[1:], env=os.environ | {"SHANQIAO_TEST_POSTGRES": server.uri()})
        return done.returncode if done.returncode >= 0 else 1
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
