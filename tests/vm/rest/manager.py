# SPDX-License-Identifier: MIT
"""Starting and ending usm-manager; for tests run with --no-manager."""
import os
import signal
import subprocess

from rest import BUILD, SOCKET, get, within

LOG = "/run/usm-manager-test.log"


def answers():
    try:
        return get("/v1/stats").status == 200
    except OSError:
        return False


class Manager:
    def __init__(self):
        self.process = None
        self.start()

    def start(self, *options):
        with open(LOG, "a", encoding="ascii") as log:
            self.process = subprocess.Popen(
                [f"{BUILD}/bin/usm-manager", *options], stderr=log,
                stdin=subprocess.DEVNULL)
        assert within(20, answers), log_text()

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """SIGTERM; its exit status."""
        self.signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


def log_text():
    with open(LOG, encoding="ascii", errors="replace") as log:
        return log.read()


def socket_exists():
    return os.path.exists(SOCKET)
