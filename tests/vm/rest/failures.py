#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Daemons that die, a manager that stops, ends, or is killed; run this with
--no-manager."""
import os
import re
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from manager import Manager, log_text, socket_exists
from rest import (BUILD, Toucher, call, check, delete, exists, finish, get,
                  instance, not_ok, post, state_of, within)

STATE = "/run/usm/state"


def stats_of(name):
    return next(i for i in get("/v1/stats").json["instances"] if i["name"] == name)


def served(name):
    return instance(name)["faults"]["upcall"]


def goes_on(name, counter, seconds=10):
    """The counter grows: faults are being served."""
    before = counter(name)
    return within(seconds, lambda: counter(name) > before + 100)


def create(name, memory="16M"):
    # A host that has other things to do may stop a guest's processor for longer
    # than half of the usual deadline; that must not count as a late waker.
    answer = post("/v1/instances",
                  {"name": name, "memory": memory, "deadline_ms": 1000})
    answer.expect(f"instance {name} is created", 201)
    return answer.json["daemon"]["pid"]


def under_load():
    """The waker wakes, the kernel does not, until the manager stands still."""
    with Toucher(8) as tenant:
        post("/v1/instances/a/bindings", {"pid": tenant.pid}).expect(
            "a tenant is bound", 201)
        tenant.go()
        check("its faults are served", goes_on("a", served))
        time.sleep(1)
        a = stats_of("a")
        check("the waker woke the worker", a["wakes"]["waker"] > 0, a["wakes"])
        check("the kernel did not", a["wakes"]["kernel"] == 0, a["wakes"])
        check("no fault was late", a["fallback_reasons"]["late"] == 0, a)
        stopped_manager(tenant)


def stopped_manager(tenant):
    before = stats_of("a")
    manager.signal(signal.SIGSTOP)
    time.sleep(3)
    manager.signal(signal.SIGCONT)
    after = stats_of("a")
    check("with the manager stopped the kernel wakes",
          after["wakes"]["kernel"] > before["wakes"]["kernel"], after["wakes"])
    check("and faults are still served by upcall",
          after["faults"]["upcall"] > before["faults"]["upcall"] + 100,
          (before["faults"], after["faults"]))
    check("the tenant goes on", tenant.process.poll() is None)
    print(f"# stopped for 3 s: {before['faults']} {before['wakes']} -> "
          f"{after['faults']} {after['wakes']} {after['fallback_reasons']}")
    kernel = after["wakes"]["kernel"]
    waker = after["wakes"]["waker"]
    check("afterwards the waker wakes again", within(
        10, lambda: stats_of("a")["wakes"]["waker"] > waker + 50))
    time.sleep(0.5)
    kernel = stats_of("a")["wakes"]["kernel"]
    time.sleep(1)
    check("and the kernel leaves it to it",
          stats_of("a")["wakes"]["kernel"] == kernel, stats_of("a")["wakes"])


def killed_daemon():
    with Toucher(8) as tenant:
        post("/v1/instances/a/bindings", {"pid": tenant.pid}).expect(
            "a tenant is bound", 201)
        tenant.go()
        check("its faults are served", goes_on("a", served))
        old = instance("a")
        seen = set()

        def again():
            a = instance("a")
            seen.add(a["state"])
            return a["state"] == "running" and a["daemon"]["restarts"] == 1

        os.kill(old["daemon"]["pid"], signal.SIGKILL)
        check("a killed daemon is started again", within(10, again), seen)
        check("it was seen as failed", "failed" in seen, seen)
        new = instance("a")
        check("by another process",
              new["daemon"]["pid"] not in (None, old["daemon"]["pid"]), new)
        check("what ended it is told",
              new["daemon"]["last_exit"] == "killed by SIGKILL", new["daemon"])
        check("it has its partition back",
              new["memory"]["owned"] == old["memory"]["owned"]
              and new["id"] == old["id"], (old, new))
        check("the tenant is still bound",
              [m["pid"] for m in new["members"]] == [tenant.pid], new)
        check("and served by the new one", goes_on("a", served))
        check("and never noticed", tenant.process.poll() is None)
        check("the waker found the new channel", within(
            5, lambda: stats_of("a")["wakes"]["waker"] > 0), stats_of("a"))


def killed_often():
    """Each time a little later."""
    for _ in range(3):
        pid = instance("b")["daemon"]["pid"]
        os.kill(pid, signal.SIGKILL)
        within(20, lambda old=pid: instance("b")["daemon"]["pid"] not in (None, old)
               and state_of("b") == "running")
    delays = re.findall(r"instance b: starting again in (\d+) ms", log_text())
    check("a daemon that keeps dying is started later and later",
          delays == ["250", "500", "1000"], delays)
    check("restarts are counted", instance("b")["daemon"]["restarts"] == 3)
    os.kill(instance("b")["daemon"]["pid"], signal.SIGKILL)
    check("a failed instance is shown as such",
          within(5, lambda: state_of("b") == "failed"))
    delete("/v1/instances/b").expect("and can be deleted", 204)
    check("and stays away", not within(
        3, lambda: call("GET", "/v1/instances/b").status != 404))


def killed_manager():
    with Toucher(8) as tenant:
        post("/v1/instances/a/bindings", {"pid": tenant.pid}).expect(
            "a tenant is bound", 201)
        tenant.go()
        check("its faults are served", goes_on("a", served))
        before = instance("a")
        manager.kill()
        time.sleep(1)
        check("without a manager the daemon lives", exists(before["daemon"]["pid"]))
        manager.start()
        after = instance("a")
        check("a new manager finds the daemon",
              after["daemon"]["pid"] == before["daemon"]["pid"]
              and after["state"] == "running" and after["managed"], after)
        check("configuration and all", after["config"] == before["config"], after)
        check("and its tenant", [m["pid"] for m in after["members"]] == [tenant.pid])
        check("faults were served meanwhile",
              after["faults"]["upcall"] > before["faults"]["upcall"] + 100,
              (before["faults"], after["faults"]))
        os.kill(after["daemon"]["pid"], signal.SIGKILL)
        check("it watches the daemon it found", within(
            10, lambda: instance("a")["daemon"]["restarts"] == 1
            and state_of("a") == "running"), instance("a"))
        check("the tenant goes on", goes_on("a", served))


def ended_manager():
    with Toucher(4) as tenant:
        post("/v1/instances/a/bindings", {"pid": tenant.pid}).expect(
            "a tenant is bound", 201)
        create("idle", "4M")
        tenant.go()
        idle = instance("idle")["daemon"]["pid"]
        busy = instance("a")["daemon"]["pid"]
        check("SIGTERM ends the manager", manager.stop() == 0, log_text()[-2000:])
        check("and removes its socket", not socket_exists())
        check("the daemon nobody needs has ended", not exists(idle))
        check("the one with a tenant goes on", exists(busy))
        manager.start()
        check("the next manager brings both back", within(
            10, lambda: state_of("a") == state_of("idle") == "running"),
            get("/v1/instances"))
        check("the busy one undisturbed",
              instance("a")["daemon"]["pid"] == busy, instance("a"))
        delete("/v1/instances/idle").expect("the idle one is deleted", 204)


def damaged_state():
    manager.kill()
    with open(f"{STATE}/broken.json", "w", encoding="ascii") as file:
        file.write('{"name":"broken","mem')
    with open(f"{STATE}/half.json.new", "w", encoding="ascii") as file:
        file.write('{"na')
    manager.start()
    check("a damaged file is set aside",
          os.path.exists(f"{STATE}/broken.json.bad")
          and not os.path.exists(f"{STATE}/broken.json"), os.listdir(STATE))
    check("and told", "broken.json is set aside" in log_text())
    check("a half-written one is cleared",
          not os.path.exists(f"{STATE}/half.json.new"))
    check("the rest is unharmed", within(5, lambda: state_of("a") == "running"))


def second_manager():
    result = subprocess.run([f"{BUILD}/bin/usm-manager"], capture_output=True,
                            text=True, timeout=20, check=False)
    check("a second manager refuses to start",
          result.returncode == 1 and "another manager is running" in result.stderr,
          result)
    check("and does not disturb the first", get("/v1/stats").status == 200)


def unmanaged():
    daemon = subprocess.Popen(
        [f"{BUILD}/bin/usm-instance", "--name", "alone", "--memory", "4M"])
    check("a daemon without manager shows", within(
        10, lambda: state_of("alone") == "running"))
    get("/v1/instances/alone").expect("as not managed", 200, lambda j:
                                      not j["managed"] and j["config"] is None
                                      and j["daemon"]["pid"] == daemon.pid)
    delete("/v1/instances/alone").problem(
        "and is not ours to delete", 409, "not-managed")
    post("/v1/instances", {"name": "alone", "memory": "4M"}).problem(
        "its name is taken", 409, "name-taken")
    with Toucher(2, 1) as tenant:
        post("/v1/instances/alone/bindings", {"pid": tenant.pid}).expect(
            "binding to it works", 201)
        tenant.go()
        check("and is served", tenant.done() and served("alone") > 0)
    daemon.terminate()
    check("it ends when told", daemon.wait(timeout=10) == 0)
    get("/v1/instances/alone").problem("and is gone", 404, "no-such-instance")


def nothing_left_of(name):
    return (get(f"/v1/instances/{name}").status == 404
            and not os.path.exists(f"{STATE}/{name}.json")
            and not os.path.exists(f"/sys/fs/cgroup/usm/{name}"))


def daemon_that_does_not_start():
    """The manager is given a daemon that fails, then one that hangs."""
    manager.kill()
    manager.start("--instance-binary", "/bin/false")
    post("/v1/instances", {"name": "tiny", "memory": "4M"}).problem(
        "a daemon that fails at once is told", 500, "start-failed")
    check("nothing of it is left", nothing_left_of("tiny"))
    manager.kill()
    if os.environ.get("USM_SOAK"):
        manager.start("--instance-binary", "/usr/bin/yes")
        post("/v1/instances", {"name": "tiny", "memory": "4M"}).problem(
            "a daemon that never gets ready is given up", 500, "start-failed")
        check("nothing of that is left", nothing_left_of("tiny"))
        manager.kill()
    manager.start()


def descriptors():
    return len(os.listdir(f"/proc/{manager.process.pid}/fd"))


def same_name_at_once():
    """Of those who ask for one name at the same time one gets it."""
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(
            lambda _: post("/v1/instances", {"name": "one", "memory": "4M"}),
            range(6)))
    codes = sorted(a.json.get("code", "created") for a in answers)
    check("a name asked for six times at once is given out once",
          codes == ["created"] + ["name-taken"] * 5, codes)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: delete("/v1/instances/one"), range(6)))
    codes = sorted(a.status for a in answers)
    check("and is deleted once", codes.count(204) == 1
          and set(codes) <= {204, 404, 409}, codes)


def many_at_once():
    """More is asked for at once than there is; what is there is given out once."""
    before = descriptors()
    free = get("/v1/stats").json["pool"]["free"]
    fit = free // (24 << 20)
    names = [f"many-{i}" for i in range(fit + 4)]
    with ThreadPoolExecutor(len(names)) as pool:
        answers = list(pool.map(
            lambda n: post("/v1/instances", {"name": n, "memory": "24M"}), names))
    made = [a.json["name"] for a in answers if a.status == 201]
    check("as many are created as fit", len(made) == fit,
          "\n".join(map(str, answers)))
    check("the others are told that the pool is too full",
          all(a.json["code"] == "pool-too-full" for a in answers if a.status != 201))
    with ThreadPoolExecutor(len(made)) as pool:
        gone = list(pool.map(lambda n: delete(f"/v1/instances/{n}"), made))
    check("all can be deleted at once", all(a.status == 204 for a in gone),
          "\n".join(map(str, gone)))
    check("the pool is as before",
          within(10, lambda: get("/v1/stats").json["pool"]["free"] == free))
    check("and so are the manager's descriptors",
          within(5, lambda: descriptors() <= before), (before, descriptors()))


def stopped_daemon_is_deleted():
    create("frozen", "4M")
    pid = instance("frozen")["daemon"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    delete("/v1/instances/frozen").expect("a stopped daemon is deleted too", 204)
    check("and is gone", not exists(pid))


def main():
    create("a")
    create("b")
    under_load()
    killed_daemon()
    killed_often()
    killed_manager()
    ended_manager()
    damaged_state()
    second_manager()
    unmanaged()
    daemon_that_does_not_start()
    stopped_daemon_is_deleted()
    same_name_at_once()
    many_at_once()
    check("nobody is bound", within(5, lambda: instance("a")["members"] == []))
    delete("/v1/instances/a").expect("the last instance goes", 204)
    final = get("/v1/stats").json["pool"]
    check("the pool is whole", within(10, lambda: get("/v1/stats").json["pool"]["free"]
                                      == final["bytes"]), final)
    check("the manager ends with nothing left", manager.stop() == 0)
    finish()


manager = Manager()
try:
    main()
except Exception as error:
    not_ok("the test itself", f"{error!r}\n{log_text()[-3000:]}")
    raise
