# SPDX-License-Identifier: Apache-2.0
"""A tus 1.0 client of a few lines, and a TCP proxy that cuts the link where a test says."""
import base64
import hashlib
import http.client
import socket
import ssl
import struct
import threading

TIMEOUT_SECONDS = 30
BROKEN = (OSError, http.client.HTTPException, ssl.SSLError)


class Cutter:
    """Forwards to a port; after so many bytes from the client the connection is reset, once per number in `cuts`.
    dies: nobody listens any more after the last of them."""

    def __init__(self, port, dies=False):
        self.target, self.cuts, self.done, self.dies = port, [], 0, dies
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            threading.Thread(target=self.copy, args=(server, client, False), daemon=True).start()
            threading.Thread(target=self.copy, args=(client, server, True), daemon=True).start()

    def copy(self, source, to, counted):
        left = self.cuts[0] if counted and self.cuts else None
        try:
            while data := source.recv(4096):
                if left is not None and len(data) >= left:
                    to.sendall(data[:left])
                    self.cuts.pop(0)
                    if self.dies and not self.cuts:
                        self.listener.shutdown(socket.SHUT_RDWR)  # a close alone waits for accept
                    self.done += 1
                    for s in (source, to):  # a reset, as when a line is gone
                        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    break
                if left is not None:
                    left -= len(data)
                to.sendall(data)
        except OSError:
            pass
        for s in (source, to):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()

    def close(self):
        self.listener.close()


def encode(value):
    return base64.b64encode(value.encode()).decode()


class Client:
    def __init__(self, port, token):
        self.port, self.token = port, token
        self.context = ssl.create_default_context()
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE

    def request(self, method, path, body=None, **headers):
        """(status, headers in lower case, body); header names are written with _ for -."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS, context=self.context)
        fields = {"Tus-Resumable": "1.0.0", "Authorization": f"Bearer {self.token}"}
        fields.update({name.replace("_", "-"): value for name, value in headers.items()})
        try:
            connection.request(method, path, body=body, headers={k: v for k, v in fields.items() if v is not None})
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def create(self, consultation, kind, name, data, sha256=None, length=None, **more):
        fields = {"type": kind, "consultation": consultation, "filename": name,
                  "sha256": sha256 or hashlib.sha256(data).hexdigest(), **more}
        return self.request("POST", "/materials/", Upload_Length=str(len(data) if length is None else length),
                            Upload_Metadata=",".join(f"{k} {encode(v)}" for k, v in fields.items()))

    def patch(self, path, offset, data, checksum=None, **headers):
        if checksum is not None:
            headers["Upload_Checksum"] = "sha256 " + base64.b64encode(checksum).decode()
        headers.setdefault("Content_Type", "application/offset+octet-stream")
        return self.request("PATCH", path, data, Upload_Offset=str(offset), **headers)

    def offset(self, path):
        """Where the upload stands; waits while another request has it."""
        while True:
            status, headers, body = self.request("HEAD", path)
            if status != 423:
                break
        if status != 200:
            raise AssertionError(f"HEAD {path}: {status}")
        return int(headers["upload-offset"]), headers.get("shanqiao-material")

    def upload(self, consultation, kind, name, data, checked=False, broken=None, **more):
        """Until it is there, whatever breaks; the id of the material. broken() is called after each break."""
        path = material = None
        for _ in range(100):
            try:
                if not path:
                    status, headers, body = self.create(consultation, kind, name, data, **more)
                    if status != 201:
                        raise AssertionError(f"POST {name}: {status} {body}")
                    path = headers["location"]
                offset, material = self.offset(path)
                if material:
                    return material
                piece = data[offset:]
                status, headers, body = self.patch(path, offset, piece,
                                                   hashlib.sha256(piece).digest() if checked else None)
                if status == 204 and "shanqiao-material" in headers:
                    return headers["shanqiao-material"]
                raise AssertionError(f"PATCH {name}: {status} {body}")
            except BROKEN:
                if broken:
                    broken()
        raise AssertionError(f"{name}: never arrived")
