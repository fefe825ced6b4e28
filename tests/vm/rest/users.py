#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a user who is not root can and cannot do through the control plane."""
import ctypes
import os
import signal
import subprocess
import sys
import time

import rest
from rest import (SOCKET, Toucher, call, check, delete, finish, get, post,
                  within)

USER, OTHER = 1000, 1001
PR_SET_DUMPABLE = 4
PATH = "/v1/instances/a/bindings"


def as_user(uid, gid, action):
    """Runs action() under other ids; True when all its checks passed."""
    sys.stdout.flush()
    child = os.fork()
    if not child:
        rest.failed = False
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
        try:
            action()
            finish()
        except SystemExit as end:
            os._exit(end.code)
        except BaseException as error:  # the parent must never run on twice
            print(f"# {error!r}", flush=True)
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def sleeper(prepare):
    """A process that prepares itself (ids, flags) and waits to be killed."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if not child:
        prepare()
        os.write(write_end, b".")
        time.sleep(1000)
        os._exit(0)
    os.read(read_end, 1)
    return child


def end(pid):
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def toucher_of(uid, gid):
    return Toucher(1, 1, user=uid, group=gid, extra_groups=[])


def cannot_connect():
    try:
        call("GET", "/v1/stats")
        check("a stranger cannot even connect", False)
    except PermissionError:
        check("a stranger cannot even connect", True)


def binds_own():
    with Toucher(1, 1) as tenant:
        post(PATH, {"pid": tenant.pid}).expect("a user binds an own process", 201)
        tenant.go()
        check("which is served", tenant.done() and get(
            f"{PATH}/{tenant.pid}").json["faults"]["upcall"] > 0)
        delete(f"{PATH}/{tenant.pid}").expect("and unbinds it", 204)


def cannot_bind(what, pid):
    def attempt():
        post(PATH, {"pid": pid}).problem(
            f"a user cannot bind {what}", 403, "permission-denied")
    check(f"{what} stays unbound", as_user(USER, USER, attempt)
          and get(PATH).json["bindings"] == [])


def undumpable():
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def saved_root():
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, 0)


def strangers():
    with Toucher(1) as of_root:
        cannot_bind("a process of root", of_root.pid)
    with toucher_of(OTHER, OTHER) as of_other:
        cannot_bind("a process of somebody else", of_other.pid)
    with toucher_of(USER, OTHER) as other_group:
        cannot_bind("a process of another group", other_group.pid)
    for what, prepare in (("one that forbids looking into it", undumpable),
                          ("one that can become root again", saved_root)):
        pid = sleeper(prepare)
        cannot_bind(what, pid)
        end(pid)


def cannot_unbind():
    with Toucher(1) as of_root:
        post(PATH, {"pid": of_root.pid}).expect("root binds its own", 201)

        def attempt():
            delete(f"{PATH}/{of_root.pid}").problem(
                "a user cannot unbind it", 403, "permission-denied")
        as_user(USER, USER, attempt)
        check("it stays bound",
              [b["pid"] for b in get(PATH).json["bindings"]] == [of_root.pid])


def privileged_image():
    """A bound process that executes a setuid program is bound no longer."""
    shell = subprocess.Popen(
        ["/bin/sh", "-c", "read line; exec su -c true"], stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        user=USER, group=USER, extra_groups=[])
    post(PATH, {"pid": shell.pid}).expect("a shell of a user is bound", 201)
    shell.stdin.write(b"\n")
    shell.stdin.flush()
    check("it loses the binding with a setuid program",
          within(10, lambda: get(PATH).json["bindings"] == []))
    shell.kill()
    shell.wait()


def main():
    post("/v1/instances", {"name": "a", "memory": "16M"}).expect(
        "an instance is created", 201)
    as_user(USER, USER, cannot_connect)
    # The second line of defence: what would those do who may connect?
    os.chmod(SOCKET, 0o666)
    check("a user can use what is their own", as_user(USER, USER, binds_own))
    strangers()
    cannot_unbind()
    privileged_image()
    check("nobody is bound", within(5, lambda: get(PATH).json["bindings"] == []))
    delete("/v1/instances/a").expect("the instance is deleted", 204)
    finish()


main()
