#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every call of the control plane, and every way it can be refused."""
import os
import re
import subprocess

from document import API, Document
from rest import (Toucher, answers, call, check, delete, exists, finish, get, instance,
                  post, read, within)

CGROUPS = "/sys/fs/cgroup/usm"
STATE = "/run/usm/state"
MIB = 1 << 20

NOTHING = {"instances": [], "next": None}

pool = 0


def pool_free():
    return get("/v1/stats").json["pool"]["free"]


def nothing_there():
    global pool
    get("/v1/instances").expect(
        "the list is empty at first", 200, lambda j: j == NOTHING)
    answer = get("/v1/stats").expect(
        "stats tell the pool", 200, lambda j:
        j["pool"]["bytes"] == j["pool"]["free"] > 0
        and j["pool"]["backend"] in ("cma", "contig") and j["instances"] == [])
    check("answers are JSON",
          answer.headers["Content-Type"] == "application/json", answer)
    pool = answer.json["pool"]["bytes"]
    for method, path, body in (
            ("GET", "/v1/instances/a", None),
            ("DELETE", "/v1/instances/a", None),
            ("GET", "/v1/instances/a/bindings", None),
            ("GET", "/v1/instances/a/bindings/1", None),
            ("DELETE", "/v1/instances/a/bindings/1", None),
            ("POST", "/v1/instances/a/bindings", {"pid": 1})):
        call(method, path, body).problem(
            f"{method} {path} of no instance is 404", 404, "no-such-instance")


def create():
    answer = post("/v1/instances", {
        "name": "a", "memory": "32M", "policy": {"alloc": "first-fit"},
        "cgroup": {"cpu_max": "50%", "memory_max": "64M"}})
    answer.expect("an instance is created", 201, lambda j:
                  j["name"] == "a" and j["state"] == "running" and j["managed"]
                  and j["memory"] == {"owned": 32 * MIB, "free": 32 * MIB,
                                      "mapped": 0, "granted": 0, "storing": 0,
                                      "bad": 0, "evicted": 0, "outside_pool": 0}
                  and j["config"] == {
                      "name": "a", "memory": "32M",
                      "policy": {"alloc": "first-fit", "oom": "fallback"},
                      "cgroup": {"cpu_max": "50%", "memory_max": "64M"},
                      "deadline_ms": 100, "slots": 1024, "workers": 1,
                      "on_daemon_loss": "fallback"}
                  and j["daemon"]["pid"] > 0 and j["daemon"]["restarts"] == 0
                  and j["daemon"]["last_exit"] is None and j["members"] == [])
    check("its place is told",
          answer.headers["Location"] == "/v1/instances/a", answer)
    daemon = answer.json["daemon"]["pid"]
    check("its cgroup has the CPU limit",
          read(f"{CGROUPS}/a/cpu.max") == "50000 100000\n")
    check("its cgroup has the memory limit",
          read(f"{CGROUPS}/a/memory.max") == f"{64 * MIB}\n")
    check("its daemon is in that cgroup",
          read(f"{CGROUPS}/a/cgroup.procs") == f"{daemon}\n")
    status = read(f"/proc/{daemon}/status")
    check("its daemon runs under a uid of its own",
          re.search(r"^Uid:\s+(188464\d{4})\s+\1\s+\1\s+\1$", status, re.M), status)
    check("its daemon has no capabilities",
          re.search(r"^CapEff:\s+0+$", status, re.M), status)
    check("its state is remembered", '"name":' in read(f"{STATE}/a.json"))

    post("/v1/instances", {
        "name": "b", "memory": 16 * MIB, "policy": {"alloc": "extent"},
        "slots": 128, "deadline_ms": 50}).expect(
        "bytes are a size too", 201, lambda j:
        j["memory"]["owned"] == 16 * MIB and j["config"]["slots"] == 128
        and j["config"]["policy"] == {"alloc": "extent", "oom": "fallback"}
        and j["config"]["deadline_ms"] == 50
        and j["cgroup"]["memory_max"] is None and j["cgroup"]["cpu_max"] is None)
    get("/v1/instances").expect(
        "both are listed", 200,
        lambda j: sorted(i["name"] for i in j["instances"]) == ["a", "b"])
    get("/v1/instances/b").expect(
        "one is shown", 200, lambda j:
        j["name"] == "b" and j["cgroup"]["memory_current"] > 0
        and j["cgroup"]["cpu_usage_us"] > 0)
    answer = call("HEAD", "/v1/instances/b")
    check("HEAD is GET without a body",
          answer.status == 200 and answer.text == "", answer)
    get("/v1/stats").expect("what they have is not free", 200, lambda j:
                            j["pool"]["free"] == pool - 48 * MIB)


WRONG_BODIES = (
    ("malformed JSON", '{"name":"c","memory":"1M"', None),
    ("an empty body", "", None),
    ("an array", "[]", None),
    ("no object", "7", None),
    ("something after the object", '{"name":"c","memory":"1M"} {}', None),
    ("a NUL in a name", r'{"name":"c\u0000d","memory":"1M"}', None),
    ("a NUL after the object", b'{"name":"c","memory":"1M"}\0', None),
    ("a thousand levels of nesting", "[" * 5000, None),
    ("a missing name", {"memory": "1M"}, "name"),
    ("a missing size", {"name": "c"}, "memory"),
    ("a name that is a number", {"name": 7, "memory": "1M"}, "name"),
    ("an empty name", {"name": "", "memory": "1M"}, "name"),
    ("a name in capitals", {"name": "Upper", "memory": "1M"}, "name"),
    ("a name that is a path", {"name": "../../etc", "memory": "1M"}, "name"),
    ("a name of 33 characters", {"name": "c" * 33, "memory": "1M"}, "name"),
    ("a size of a wrong type", {"name": "c", "memory": True}, "memory"),
    ("a size with an unknown suffix", {"name": "c", "memory": "12Q"}, "memory"),
    ("a size beyond 64 bits", {"name": "c", "memory": "99999999999T"}, "memory"),
    ("a size that is no multiple of a page", {"name": "c", "memory": 4097}, "memory"),
    ("no memory at all", {"name": "c", "memory": 0}, "memory"),
    ("a negative size", {"name": "c", "memory": -4096}, "memory"),
    ("an unknown key", {"name": "c", "memory": "1M", "colour": 1}, "colour"),
    ("an unknown policy", {"name": "c", "memory": "1M",
                           "policy": {"alloc": "best"}}, "policy.alloc"),
    ("a policy that is no object", {"name": "c", "memory": "1M",
                                    "policy": "extent"}, "policy"),
    ("a CPU share of nothing", {"name": "c", "memory": "1M",
                                "cgroup": {"cpu_max": "0%"}}, "cgroup.cpu_max"),
    ("a memory limit no daemon fits in", {
        "name": "c", "memory": "1M", "cgroup": {"memory_max": "4K"}},
     "cgroup.memory_max"),
    ("a key given twice", '{"name":"c","name":"d","memory":"1M"}', "name"),
    ("slots that are no multiple of 64", {"name": "c", "memory": "1M",
                                          "slots": 65}, "slots"),
    ("a deadline out of range", {"name": "c", "memory": "1M",
                                 "deadline_ms": 99999}, "deadline_ms"),
)


def refused_creates():
    free = pool_free()
    post("/v1/instances", {"name": "a", "memory": "1M"}).problem(
        "a name that is taken is 409", 409, "name-taken")
    answer = post("/v1/instances", {"name": "c", "memory": "1T"}).problem(
        "more than the pool has left is 409", 409, "pool-too-full")
    check("and says what is left",
          f"{free // MIB}M left" in answer.json["detail"], answer)
    for what, body, field in WRONG_BODIES:
        post("/v1/instances", body).problem(
            f"{what} is 400", 400, "invalid-field" if field else "malformed-json",
            field)
    answer = post("/v1/instances", {"name": "c", "memory": "1M",
                                    "policy": {"aloc": "extent"}}).problem(
        "an unknown key is named with its path", 400, "invalid-field", "policy.aloc")
    check("and the key that was meant",
          'did you mean "alloc"?' in answer.json["detail"], answer)
    for size in (65537, 300000, 2000000):
        post("/v1/instances", " " * size).problem(
            f"a body of {size} bytes is 413", 413, "body-too-large")
    post("/v1/instances", " " * 65530 + "{").problem(
        "one of 65531 is still read", 400, "malformed-json")
    for kind in ("application/x-www-form-urlencoded", "text/plain",
                 "application/jsonx"):
        call("POST", "/v1/instances", "name=c", kind).problem(
            f"a body sent as {kind} is 415", 415, "unsupported-media-type")


def refused_routes():
    for path in ("/", "/v1", "/v1/instances/", "/v2/instances", "//v1/instances",
                 "/v1/instances/a/b/c/d/e/f", "/v1/instances/a/bindings/1/2",
                 "/v1/instances/" + "a" * 5000):
        get(path).problem(f"{path[:40]} is no route", 404, "no-such-route")
    for path in ("/v1/instances/a%00b", "/v1/instances/%61", "/v1/instances/A",
                 "/v1/instances/.."):
        get(path).problem(f"{path} is no instance", 404, "no-such-instance")
    for method, path, allow in (
            ("PUT", "/v1/instances/a", "DELETE, GET, HEAD"),
            ("POST", "/v1/instances/a", "DELETE, GET, HEAD"),
            ("DELETE", "/v1/instances", "GET, HEAD, POST"),
            ("PATCH", "/v1/instances/a/bindings", "GET, HEAD, POST"),
            ("OPTIONS", "/v1/stats", "GET, HEAD")):
        answer = call(method, path).problem(
            f"{method} {path} is 405", 405, "method-not-allowed")
        check("and Allow tells the right ones",
              answer.headers["Allow"] == allow, answer)
    get("/v1/stats?verbose=1").problem(
        "an unknown parameter is 400", 400, "invalid-query")


def nothing_changed(free):
    get("/v1/instances").expect(
        "refused requests changed nothing", 200,
        lambda j: sorted(i["name"] for i in j["instances"]) == ["a", "b"])
    check("nor the pool", pool_free() == free)
    check("nor the state directory",
          sorted(os.listdir(STATE)) == ["a.json", "b.json"], os.listdir(STATE))
    groups = [e.name for e in os.scandir(CGROUPS) if e.is_dir()]
    check("nor the cgroups", sorted(groups) == ["a", "b"], groups)


def wrong_pids(daemon):
    bindings = "/v1/instances/a/bindings"
    gone = subprocess.Popen(["true"])
    gone.wait()
    post(bindings, {"pid": gone.pid}).problem(
        "a process that is gone is 422", 422, "no-such-process", "pid")
    for what, body, field in (
            ("a pid that is a string", {"pid": "12"}, "pid"),
            ("a negative pid", {"pid": -1}, "pid"),
            ("half a pid", {"pid": 1.5}, "pid"),
            ("pid 0", {"pid": 0}, "pid"),
            ("a pid beyond all", {"pid": 1e300}, "pid"),
            ("no pid", {}, "pid"),
            ("an unknown inheritance", {"pid": 5, "inherit": "some"}, "inherit")):
        post(bindings, body).problem(f"{what} is 400", 400, "invalid-field", field)
    post(bindings, {"pid": 1}).problem("init is refused", 403, "permission-denied")
    answer = post(bindings, {"pid": 2})
    check("a kernel thread is refused", answer.status in (403, 422), answer)
    post(bindings, {"pid": daemon}).problem(
        "a policy daemon is refused", 403, "permission-denied")
    manager = int(subprocess.check_output(["pidof", "usm-manager"]).split()[0])
    post(bindings, {"pid": manager}).problem(
        "the manager is refused", 403, "permission-denied")
    delete(f"{bindings}/1").problem(
        "unbinding what is not bound is 404", 404, "not-bound")
    delete(f"{bindings}/x").problem("unbinding no number is 404", 404, "not-bound")


def pool_and_fallbacks(binding):
    """Bytes it has been given; a daemon held to half a processor is late at times."""
    return binding["mapped"] + 4096 * binding["faults"]["fallback"]


def bound_figures(tenant):
    """A tenant has done its work: every figure is what it has to be."""
    a = next(i for i in get("/v1/stats").json["instances"] if i["name"] == "a")
    pages = 8 * MIB // 4096
    check("memory adds up",
          a["memory"]["mapped"] + a["memory"]["outside_pool"] >= 8 * MIB
          and a["memory"]["owned"] == sum(a["memory"][part] for part in (
              "mapped", "granted", "storing", "free", "bad")), a)
    check("faults are counted", a["faults"]["total"] > 0
          and a["faults"]["upcall"] > 0
          and a["faults"]["upcall"] + a["faults"]["fallback"] >= pages
          and {"range", "magazine"} <= set(a["faults"]), a["faults"])
    check("fallbacks have reasons", sum(a["fallback_reasons"].values())
          == a["faults"]["fallback"], a)
    check("latency has percentiles",
          0 < a["latency_ns"]["p50"] <= a["latency_ns"]["p99"], a)
    check("wakes have sources",
          set(a["wakes"]) == {"self", "waker", "uipi", "kernel"}, a["wakes"])
    check("nothing bad was tried", a["bad_commands"] == 0, a)
    member = a["members"][0]
    check("the member is in the stats", member["pid"] == tenant.pid
          and member["comm"] == "toucher" and pool_and_fallbacks(member) >= 8 * MIB
          and member["unmanaged"] > 0, a["members"])
    check("the daemon's cgroup is in the stats",
          a["cgroup"]["memory_current"] > 0 and a["cgroup"]["cpu_usage_us"] > 0
          and a["cgroup"]["memory_max"] == 64 * MIB
          and a["cgroup"]["cpu_max"] == "50%", a["cgroup"])


def bindings():
    path = "/v1/instances/a/bindings"
    with Toucher(8, 1) as tenant:
        answer = post(path, {"pid": tenant.pid})
        answer.expect("a process is bound", 201, lambda j:
                      j["pid"] == tenant.pid and j["comm"] == "toucher"
                      and j["inherit"] == "all" and j["start_time"] > 0
                      and j["mapped"] == 0)
        check("and its place told",
              answer.headers["Location"] == f"{path}/{tenant.pid}", answer)
        tenant.go()
        check("it gets its work done", tenant.done())
        get(path).expect("the binding is listed", 200, lambda j:
                         [b["pid"] for b in j["bindings"]] == [tenant.pid]
                         and pool_and_fallbacks(j["bindings"][0]) >= 8 * MIB)
        get(f"{path}/{tenant.pid}").expect(
            "and shown", 200, lambda j: pool_and_fallbacks(j) >= 8 * MIB)
        bound_figures(tenant)
        post(path, {"pid": tenant.pid}).problem(
            "binding it again is 409", 409, "already-bound")
        answer = post("/v1/instances/b/bindings", {"pid": tenant.pid}).problem(
            "and elsewhere too", 409, "already-bound")
        check("which names the instance that has it",
              'instance "a"' in answer.json["detail"], answer)
        delete("/v1/instances/a").problem(
            "an instance in use is not deleted", 409, "instance-in-use")
        delete(f"/v1/instances/b/bindings/{tenant.pid}").problem(
            "it is not bound to the other one", 404, "not-bound")
        delete(f"{path}/{tenant.pid}").expect("a process is unbound", 204)
        delete(f"{path}/{tenant.pid}").problem("twice is 404", 404, "not-bound")
        get(path).expect("no binding is left", 200, lambda j: j == {"bindings": []})
    for inherit in ("fork", "none"):
        with Toucher(1, 1) as tenant:
            post("/v1/instances/b/bindings",
                 {"pid": tenant.pid, "inherit": inherit}).expect(
                f"inherit {inherit} is kept", 201,
                lambda j, want=inherit: j["inherit"] == want)


def ahead_and_out():
    """Frames given ahead, and pages in swap, are in the figures."""
    post("/v1/instances", {
        "name": "z", "memory": "2M", "policy": {"alloc": "zeroed"},
        "swap": {"size": "8M", "device": "lz4"}}).expect(
        "one with swap is created", 201)
    with Toucher(4, 1) as tenant:
        post("/v1/instances/z/bindings", {"pid": tenant.pid})
        tenant.go()
        check("a tenant has more memory than the partition", tenant.done())
        z = instance("z")
        member = z["members"][0]
        check("frames given ahead were used", z["faults"]["magazine"] > 0
              and member["faults"]["magazine"] > 0, z)
        check("what is out is told", z["memory"]["evicted"] > 0
              and z["paging"]["evictions"] > 0
              and member["evicted"] == z["memory"]["evicted"], z)
        check("what is in and what is out is all it has",
              member["mapped"] + member["evicted"] + z["memory"]["outside_pool"]
              >= 4 * MIB, z)
    check("nobody is bound to it", within(
        5, lambda: instance("z")["members"] == []))
    delete("/v1/instances/z").expect("it goes", 204)


def pages():
    """The list, one at a time."""
    answer = get("/v1/instances?limit=1").expect(
        "a page has as many as asked for", 200, lambda j:
        [i["name"] for i in j["instances"]] == ["a"] and j["next"])
    get(answer.json["next"]).expect(
        "and tells where the next one is", 200, lambda j:
        [i["name"] for i in j["instances"]] == ["b"] and j["next"] is None)
    get("/v1/instances?after=b").expect(
        "after the last there is none", 200, lambda j: j == NOTHING)
    for query, parameter in (("limit=0", "limit"), ("limit=1025", "limit"),
                             ("after=A", "after"), ("limit=1&limit=2", "limit")):
        answer = get(f"/v1/instances?{query}").problem(
            f"{query} is 400", 400, "invalid-query")
        check("and says which", answer.json["detail"].startswith(parameter), answer)


def service():
    """What the manager says of itself, and of what it serves."""
    get("/healthz").expect("it runs", 200, lambda j: j == {"status": "ok"})
    get("/readyz").expect("it is ready", 200, lambda j: j == {"status": "ready"})
    get("/v1/info").expect(
        "it tells versions and features", 200, lambda j:
        j["kernel"] == os.uname().release and j["waker"]
        and j["features"]["evict"] == {"on": True, "why": None}
        and all(f["on"] == (f["why"] is None) for f in j["features"].values()))
    get("/v1/policies").expect(
        "it tells the policies", 200, lambda j:
        "first-fit" in j["alloc"] and "lru" in j["evict"]
        and "readahead" in j["prefetch"] and "stall" in j["oom"] and j["files"] == [])
    answer = get("/openapi.yaml").expect("it serves its description", 200)
    check("which is the one in api/", answer.text == read(f"{API}/openapi.yaml"))
    answer = get("/instance.schema.json").expect("and the schema", 200)
    check("which is the one in api/, too",
          answer.text == read(f"{API}/instance.schema.json"))


def metrics():
    """Somebody else's parser takes them, and they are the figures of the stats."""
    answer = get("/metrics").expect("there are metrics", 200)
    lint = subprocess.run(["promtool", "check", "metrics"], input=answer.text,
                          capture_output=True, text=True, check=False)
    check("promtool has nothing to say", lint.returncode == 0
          and not lint.stdout and not lint.stderr, lint.stdout + lint.stderr)
    values = dict(line.rsplit(" ", 1) for line in answer.text.splitlines()
                  if not line.startswith("#"))
    stats = get("/v1/stats").json
    check("the pool is in them",
          int(values["usm_pool_free_bytes"]) == stats["pool"]["free"], values)
    for one in stats["instances"]:
        name = f'instance="{one["name"]}"'
        check(f"so is {one['name']}", all(
            int(values[f'usm_instance_memory_bytes{{{name},part="{part}"}}'])
            == one["memory"][part] for part in ("mapped", "granted", "free"))
            and int(values[f'usm_instance_faults_total{{{name},how="upcall"}}'])
            == one["faults"]["upcall"]
            and values[f'usm_instance_state{{{name},state="running"}}'] == "1",
            answer)


def remove(daemon):
    delete("/v1/instances/a").expect("an instance is deleted", 204)
    check("its daemon is gone", not exists(daemon))
    check("its cgroup is gone", not os.path.exists(f"{CGROUPS}/a"))
    check("its file is gone", not os.path.exists(f"{STATE}/a.json"))
    delete("/v1/instances/a").problem("twice is 404", 404, "no-such-instance")
    check("nobody is bound to the other one",
          within(5, lambda: instance("b")["members"] == []))
    delete("/v1/instances/b").expect("it goes too", 204)
    check("the pool is whole again", within(10, lambda: pool_free() == pool))
    get("/v1/instances").expect("the list is empty again", 200,
                                lambda j: j == NOTHING)


def as_documented():
    """Every answer so far is what api/openapi.yaml says."""
    document = Document()
    wrong = document.wrong_examples()
    check("the examples in the document fit it", not wrong, "\n".join(wrong))
    for method, path, answer in answers:
        complaint = document.complaint(
            method, path.partition("?")[0], answer.status,
            answer.headers["Content-Type"], answer.json)
        if complaint:
            check(f"{method} {path[:40]} answers as documented", False,
                  f"{complaint}: {answer}")
            return
    check(f"all {len(answers)} answers are as documented, of "
          f"{len(document.seen)} kinds", len(document.seen) >= 33)


def main():
    nothing_there()
    create()
    daemon = instance("a")["daemon"]["pid"]
    free = pool_free()
    refused_creates()
    refused_routes()
    nothing_changed(free)
    bindings()
    wrong_pids(daemon)
    nothing_changed(free)
    ahead_and_out()
    pages()
    service()
    metrics()
    remove(daemon)
    as_documented()
    finish()


main()
