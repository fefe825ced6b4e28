#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""usmctl: every command and every exit code, with a manager and without; run
this with --no-manager."""
import json
import subprocess

from manager import Manager
from rest import (BUILD, TOUCHER, check, delete, finish, get, instance, post,
                  within)


def usmctl(*args, **options):
    return subprocess.run([f"{BUILD}/bin/usmctl", *args], capture_output=True,
                          text=True, timeout=60, check=False, **options)


def ends(name, result, code, part=""):
    check(name, result.returncode == code and part in result.stdout + result.stderr,
          result)


def usage():
    ends("help is there", usmctl("--help"), 0, "exec INSTANCE")
    ends("no command is wrong usage", usmctl(), 2)
    ends("an unknown command too", usmctl("dance"), 2, 'no command "dance"')
    ends("exec without a command too", usmctl("exec", "a"), 2)
    ends("an impossible name too", usmctl("exec", "A", "--", "true"), 2)
    ends("too many arguments too", usmctl("list", "a"), 2)
    ends("stats cannot do without a manager", usmctl("--direct", "stats"), 2)


def nobody_there():
    ends("no manager is told", usmctl("list"), 3, "no manager answers on")
    ends("exec does not run anything then",
         usmctl("exec", "a", "--", "echo", "ran"), 3, "no manager")
    ends("wherever it looks", usmctl("--socket", "/tmp/none", "stats"), 3,
         "/tmp/none")


def with_manager():
    post("/v1/instances", {"name": "a", "memory": "16M"}).expect(
        "an instance is created", 201)
    ends("list shows it", usmctl("list"), 0, "first-fit")
    ends("stats shows it", usmctl("stats"), 0, "OWNED-K")
    result = usmctl("-o", "json", "stats")
    check("stats as JSON is what REST says",
          json.loads(result.stdout)["instances"][0]["name"] == "a", result)
    ends("exec ends as the command does",
         usmctl("exec", "a", "--", "sh", "-c", "echo hello; exit 7"), 7, "hello")
    ends("the dashes can be left out", usmctl("exec", "a", "true"), 0)
    ends("options are the command's", usmctl("exec", "a", "--", "sh", "-c",
                                             "echo $1", "x", "--direct"), 0,
         "--direct")
    ends("no such instance", usmctl("exec", "none", "--", "true"), 4,
         'no instance "none"')
    ends("no such command", usmctl("exec", "a", "--", "/none"), 127)
    ends("no program", usmctl("exec", "a", "--", "/etc/passwd"), 126)
    ends("exec within exec is a conflict", usmctl(
        "exec", "a", "--", f"{BUILD}/bin/usmctl", "exec", "a", "--", "true"), 5,
        "is bound")


def runs_bound():
    """The command is a member from its first page on, its children too."""
    command = subprocess.Popen(
        [f"{BUILD}/bin/usmctl", "exec", "a", "--", TOUCHER, "4", "1"],
        stdout=subprocess.PIPE, text=True)
    command.stdout.readline()
    return command


def members():
    return {m["pid"]: m for m in instance("a")["members"]}


def bound_from_the_start():
    command = runs_bound()
    member = members().get(command.pid)
    check("exec binds the command", member and member["comm"] == "toucher"
          and member["mapped"] > 0, members())
    command.send_signal(10)
    check("it does its work", command.stdout.readline() == "done\n")
    check("in the pool", members()[command.pid]["mapped"] >= 4 << 20, members())
    command.kill()
    command.wait()
    check("and gives everything back",
          within(10, lambda: instance("a")["memory"]["mapped"] == 0))


def without_manager(manager):
    daemon = subprocess.Popen([f"{BUILD}/bin/usm-instance", "--name", "lone",
                               "--memory", "8M"])
    check("a daemon runs alone",
          within(10, lambda: get("/v1/instances/lone").status == 200))
    delete("/v1/instances/a").expect("the managed one is gone", 204)
    check("and so is the manager", manager.stop() == 0)
    ends("list asks the kernel", usmctl("--direct", "list"), 0, "lone")
    ends("exec binds through it", usmctl(
        "--direct", "exec", "lone", "--", "sh", "-c", "exit 9"), 9)
    ends("to none that is not there", usmctl(
        "--direct", "exec", "none", "--", "true"), 4)
    ends("nor twice", usmctl(
        "--direct", "exec", "lone", "--", f"{BUILD}/bin/usmctl", "--direct",
        "exec", "lone", "--", "true"), 5)
    ends("not everybody may", usmctl(
        "--direct", "exec", "lone", "--", "true", user=1000, group=1000,
        extra_groups=[]), 6)
    daemon.terminate()
    check("the daemon ends when told", daemon.wait(timeout=10) == 0)
    ends("the kernel knows none any more", usmctl("--direct", "list"), 0)


def main():
    usage()
    nobody_there()
    manager = Manager()
    with_manager()
    bound_from_the_start()
    without_manager(manager)
    finish()


main()
