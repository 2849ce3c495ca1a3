"""Rented machines: a recipe -> a node on EC2 that runs it, publishes its report, and ends in time.

    machines.py           the machines there are, their prices and sizes
    cost.py               what a launch costs at most
    bundle.py             what a node needs: recipe, pictures, versions; `extra_files.py` finds other files
    wheel.py              the program as a wheel
    node_script.py        what a node does (`node.sh`)
    account.py            every request to AWS
    network.py            who can reach a node
    policy.py, roles.py   who may do what
    deadline_schedule.py  ends a node from outside
    tags.py               how our resources are found again
    launch_spec.py        what to launch, as `launch.json`; `prepare.py` makes it from recipe and options
    launch.py             all steps of a launch, in order
    launch_records.py     the launches of this machine
    nodes.py              list, logs, stop
    cleanup.py            what was left behind
    rerun.py              how a picture is made again; `aws_cli_script.py` needs the AWS CLI alone
    ssh_launch.py         the same on any machine that SSH reaches (`ssh_node.sh`)
    export.py             task files for SkyPilot and Slurm

Only what reads a recipe imports torch: `bundle.py`, `cost.py`, and what uses them.
"""
