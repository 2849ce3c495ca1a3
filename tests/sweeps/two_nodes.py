"""Two Ray nodes on loopback, a sweep on them, one node killed in the midst of its run; then one through a store.

    two_nodes.py RECIPE STEPS

For a network of its own, so that Ray has no other address: `unshare -n bash -c 'ip link set lo up; ...'`. Prints what
happened as JSON on the last line.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
from ray.cluster_utils import Cluster


def sweep(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "orbifolio.runner.cli", "sweep", *arguments, "--engine", "ray"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def members(gallery: str) -> list[dict]:
    try:
        (path,) = Path(gallery, "sweeps").glob("*/sweep.json")
        return json.loads(path.read_text())["members"]
    except (OSError, ValueError):
        return []


def told(process: subprocess.Popen[str]) -> dict:
    out, err = process.communicate(timeout=200)
    return {"code": process.returncode, "out": out, "err": err}


def main() -> None:
    recipe, steps = sys.argv[1], int(sys.argv[2])
    small = {"num_cpus": 1, "object_store_memory": 80_000_000}
    cluster = Cluster(initialize_head=True, head_node_args={**small, "include_dashboard": False})
    node = cluster.add_node(**small)
    name = f"node {node.node_id[:6]}"
    process = sweep(recipe, "seed=1,2", "--out", "shared", "--address", cluster.address)
    killed = None
    until = time.monotonic() + 200
    while killed is None and process.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
        for member in members("shared"):
            if member["worker"] != name or member["run"] is None:
                continue
            run = Path("shared", member["run"])
            done = (run / "events.jsonl").read_text().count('"stepped"') if (run / "events.jsonl").exists() else 0
            if 10 < done < steps - 20 and (run / "checkpoint" / "state.pt").exists():
                cluster.remove_node(node, allow_graceful=False)
                killed = member["number"]
    first = told(process) | {"killed": killed, "members": members("shared")}
    few = "renderer.phases.0.steps=4"
    process = sweep(recipe, "seed=1,2", few, "--out", "far", "--work", "store", "--address", cluster.address)
    second = told(process) | {"members": members("far")}
    cluster.shutdown()
    print(json.dumps({"shared": first, "far": second}))


if __name__ == "__main__":
    main()
