# SPDX-License-Identifier: Apache-2.0
"""A first installation on loopback: keys, certificates, directory, configuration, and the two servers. The demo and
the tests of the whole system stand on it. Run by itself it prints one line of JSON when both servers answer, and
stops them when its standard input closes. Each line of standard input is an order and gets a line "done":
kill|stop|start|pause|resume NAME, where NAME is signaling or relay."""
import argparse
import json
import os
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("SHANQIAO_BUILD", ROOT / "build" / "release")) / "bin"
START_SECONDS = 30  # for a server to answer /healthz, sanitizers included
DEMO_DIRECTORY = Path(__file__).with_name("demo-directory.json")
MARKER = ".shanqiao-run"  # in each folder made here, and so allowed to be made anew
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Failed(Exception):
    pass


def program(name):
    path = BIN / name
    if not path.is_file():
        raise Failed(f"{path} is not built; run scripts/demo, which builds it")
    return path


def remove_former(folder):
    """Removes what a former run left in `folder`; anything else is somebody's and stays."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise Failed(f"{folder} is a file. Name a folder that is empty or does not exist yet.")
    if any(folder.iterdir()) and not (folder / MARKER).is_file():
        raise Failed(f"{folder} holds files that no former run made, so it is left as it is. Name another folder, or "
                     "empty this one if nothing in it is needed.")
    shutil.rmtree(folder)


def make_folder(folder, mode=0o777):
    folder.mkdir(mode=mode, parents=True)
    (folder / MARKER).touch()


def stop_when_told():
    """SIGTERM and SIGHUP end the run as Ctrl+C does, so that the servers are stopped too."""
    for number in SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


def ignore_signals():
    """While stopping, which is bounded by itself."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def accept_any_text():
    """A console that can't show a character shows a question mark; a pipe gets each line at once."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace", line_buffering=True)


def yaml(value):
    """A path as YAML takes it, whatever characters it holds (a JSON string is one)."""
    return json.dumps(str(value), ensure_ascii=False)


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def call(*argv, **kwargs):
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, **kwargs)
    if done.returncode:
        raise Failed(f"{Path(argv[0]).name} {argv[1]}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def built_pages():
    """The folder of the web pages (scripts/lib/pages); None where they were left out."""
    folder = BIN.parent / "pages"
    return folder if (folder / "index.html").is_file() else None


class Installation:
    """A first installation in `folder`: keys, certificates, directory, configuration, and the two servers."""

    def __init__(self, folder, web=None, log_level="info", database=None, directory=DEMO_DIRECTORY, address="127.0.0.1",
                 port=None, turn=None):
        """database: a URI; None: a SQLite file in `folder`. directory: its accounts acc_NAME get a password each.
        address: where signalling and the relay listen. turn: (URLs, file of the shared secret) of a TURN server."""
        self.folder, self.web, self.log_level, self.processes = folder, web, log_level, {}
        self.database, self.address, self.turn = database or folder / "shanqiao.db", address, turn
        self.https, self.commands, self.heartbeats, self.metrics, self.media = free_ports(5)
        self.https = port or self.https
        directory = json.loads(directory.read_text())
        self.passwords = {account["id"].split("_", 1)[1]: secrets.token_urlsafe(12) for account in directory["accounts"]}
        ctl = program("shanqiaoctl")
        make_folder(folder, 0o700)
        call(ctl, "init", "--db", self.database, "--keys", folder / "keys")
        call(ctl, "tls-init", folder / "tls", "localhost", *dict.fromkeys(["127.0.0.1", address]))
        call(ctl, "cluster", "new-key", folder / "cluster.keys")
        for account in directory["accounts"]:
            account["password"] = self.passwords[account["id"].split("_", 1)[1]]
        self.write("directory.json", json.dumps(directory, ensure_ascii=False))
        call(ctl, "import", "--db", self.database, "--keys", folder / "keys", folder / "directory.json")
        (folder / "directory.json").unlink()
        self.url = self.url_of(self.https)

    def url_of(self, port):
        return f"wss://{self.address}:{port}/v1"

    def write(self, name, text):
        path = self.folder / name
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
            f.write(text)
        return path

    def start(self, name, argv):
        """A signal waits until the process is known, so that stop() misses none."""
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            with open(self.folder / f"{name}.log", "ab") as log:
                self.processes[name] = subprocess.Popen(
                    [str(a) for a in argv], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                    preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, mask))
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def start_relay(self):
        self.start("relay", [program("shanqiao-relay"), "--config", self.write("relay.yaml", f"""\
log: {{level: {self.log_level}}}
relay:
  id: county-1
  level: county
  listen: {self.address}
  announce: [{self.address}]
  base_port: {self.media}
  workers: 1
  metrics_listen: 127.0.0.1:{self.metrics}
cluster:
  commands: tcp://127.0.0.1:{self.commands}
  heartbeats: tcp://127.0.0.1:{self.heartbeats}
  key_file: {yaml(self.folder / "cluster.keys")}
""")])
        self.wait_healthy("relay", f"http://127.0.0.1:{self.metrics}/healthz")

    def start_signaling(self, name="signaling", port=None):
        """Several may run on one PostgreSQL database, each with a name and a port of its own."""
        port = port or self.https
        turn = f"turn: {{urls: {json.dumps(self.turn[0])}, secret_file: {yaml(self.turn[1])}}}" if self.turn else ""
        self.start(name, [program("shanqiao-signaling"), "--config", self.write(f"{name}.yaml", f"""\
log: {{level: {self.log_level}}}
signaling:
  listen: {self.address}
  port: {port}
  origins: ["https://{self.address}{'' if port == 443 else f':{port}'}"]
tls:
  certificate: {yaml(self.folder / "tls/server.crt")}
  key: {yaml(self.folder / "tls/server.key")}
store:
  database: {yaml(self.database)}
  keys: {yaml(self.folder / "keys")}
{f"web: {{directory: {yaml(self.web)}}}" if self.web else ""}
{turn}
cluster:
  relays: ["county-1=tcp://127.0.0.1:{self.commands},tcp://127.0.0.1:{self.heartbeats}"]
  key_file: {yaml(self.folder / "cluster.keys")}
  node: {name}
""")])
        self.wait_healthy(name, f"https://{self.address}:{port}/healthz")

    def wait_healthy(self, name, url):
        context = ssl.create_default_context(cafile=self.folder / "tls" / "ca.crt") if url[4] == "s" else None
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            self.check(name)
            try:
                with urllib.request.urlopen(url, timeout=1, context=context):
                    return
            except OSError:
                time.sleep(0.05)
        raise Failed(f"{name} does not answer {url}; see {self.folder / (name + '.log')}")

    def check(self, name):
        if self.processes[name].poll() is not None:
            tail = (self.folder / f"{name}.log").read_text(errors="replace")[-600:]
            raise Failed(f"{name} ended with {self.processes[name].returncode}:\n{tail}")

    def kill(self, name):
        """SIGKILL, as a crash would; waits until it is gone."""
        self.processes[name].kill()
        self.processes[name].wait()

    def order(self, line):
        """One of the orders of this module's docstring."""
        verb, name = line.split()
        if verb == "start":
            {"relay": self.start_relay, "signaling": self.start_signaling}[name]()
            return
        number = {"kill": signal.SIGKILL, "stop": signal.SIGTERM, "pause": signal.SIGSTOP, "resume": signal.SIGCONT}[verb]
        self.processes[name].send_signal(number)
        if verb in ("kill", "stop"):
            self.processes[name].wait(START_SECONDS)

    def stop(self):
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def main():
    parser = argparse.ArgumentParser(prog="installation.py", description=__doc__)
    parser.add_argument("folder", type=Path, help="made anew")
    parser.add_argument("--web", type=Path, help="folder of pages that signalling serves")
    parser.add_argument("--directory", type=Path, default=DEMO_DIRECTORY, help="what is imported")
    parser.add_argument("--address", default="127.0.0.1", help="where the servers listen")
    parser.add_argument("--port", type=int, help="signalling's; left out: a free one")
    parser.add_argument("--turn", nargs=2, metavar=("URLS", "SECRET_FILE"), help="a TURN server, URLs separated by commas")
    args = parser.parse_args()
    accept_any_text()
    stop_when_told()
    installation = None
    try:
        remove_former(args.folder.resolve())
        turn = args.turn and (args.turn[0].split(","), Path(args.turn[1]).resolve())
        installation = Installation(args.folder.resolve(), args.web and args.web.resolve(), directory=args.directory,
                                    address=args.address, port=args.port, turn=turn)
        installation.start_relay()
        installation.start_signaling()
        print(json.dumps({"url": installation.url, "https": f"https://{args.address}:{installation.https}/",
                          "ca": str(installation.folder / "tls" / "ca.crt"), "folder": str(installation.folder),
                          "passwords": installation.passwords}), flush=True)
        for line in sys.stdin:
            installation.order(line)
            print("done", flush=True)
    except (Failed, OSError) as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        ignore_signals()
        if installation:
            installation.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
