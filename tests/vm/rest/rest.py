# SPDX-License-Identifier: MIT
"""What the tests of the control plane share: REST calls, checks, tenants.

One process makes all calls, because under emulation starting a program costs
more than what is tested.
"""
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

SOCKET = "/run/usm/usm.sock"
BUILD = os.environ.get("USM_BUILD", "build")
TOUCHER = f"{BUILD}/tests/vm/rest/toucher"

failed = False
# (method, path, Answer) of every call
answers = []


def ok(name):
    print(f"ok {name}", flush=True)


def not_ok(name, why):
    global failed
    failed = True
    print(f"not ok {name}", flush=True)
    for line in str(why).splitlines():
        print(f"# {line}", flush=True)


def check(name, passed, why=""):
    if passed:
        ok(name)
    else:
        not_ok(name, why)


def finish():
    sys.exit(1 if failed else 0)


class Connection(http.client.HTTPConnection):
    def __init__(self, path=SOCKET, timeout=60):
        super().__init__("usm", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Answer:
    """status, headers, text, and json where the text is JSON."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode()
        try:
            self.json = json.loads(self.text)
        except ValueError:
            self.json = None

    def __str__(self):
        return f"{self.status} {dict(self.headers)} {self.text}"

    def expect(self, name, status, condition=None):
        """condition: a function of the JSON that returns True when all is well."""
        try:
            good = self.status == status and (
                condition is None or condition(self.json))
        except (KeyError, IndexError, TypeError, StopIteration) as error:
            not_ok(name, f"{error!r} in {self}")
            return self
        check(name, good, f"wanted {status}: {self}")
        return self

    def problem(self, name, status, code, field=None):
        """The request was refused with just this problem document."""
        return self.expect(name, status, lambda j:
                           self.headers["Content-Type"] == "application/problem+json"
                           and j["status"] == status and j["code"] == code
                           and j["type"] == f"urn:usm:problem:{code}"
                           and j["title"] and j["detail"]
                           and j.get("field") == field)


def call(method, path, body=None, content_type="application/json"):
    """body: a string or bytes as they are, anything else as JSON."""
    connection = Connection()
    headers = {}
    if body is not None:
        if not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        if content_type:
            headers["Content-Type"] = content_type
    try:
        try:
            connection.request(method, path, body, headers)
        except BrokenPipeError:
            pass  # refused before all was sent; the answer is there
        answer = Answer(connection.getresponse())
        answers.append((method, path, answer))
        return answer
    finally:
        connection.close()


def get(path):
    return call("GET", path)


def post(path, body):
    return call("POST", path, body)


def delete(path):
    return call("DELETE", path)


def instance(name):
    return get(f"/v1/instances/{name}").json


def state_of(name):
    return instance(name).get("state")


def within(seconds, condition, pause=0.01):
    """Waits until condition() holds; False when it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
    return True


def read(path):
    with open(path, encoding="ascii", errors="replace") as file:
        return file.read()


def exists(pid):
    """Is there such a process that is not just waiting to be reaped?"""
    try:
        return re.search(r"^State:\s+[ZX]", read(f"/proc/{pid}/status"), re.M) is None
    except FileNotFoundError:
        return False


class Toucher:
    """A tenant that writes and checks patterns; see toucher.c."""

    def __init__(self, megabytes, rounds=0, **options):
        self.process = subprocess.Popen(
            [TOUCHER, str(megabytes), str(rounds)],
            stdout=subprocess.PIPE, text=True, **options)
        self.pid = self.process.pid
        assert self.process.stdout.readline() == "ready\n"

    def go(self):
        self.process.send_signal(signal.SIGUSR1)

    def done(self):
        """Waits for its last round; it keeps the memory."""
        return self.process.stdout.readline() == "done\n"

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
