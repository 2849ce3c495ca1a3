"""Rented machines: a recipe -> a node on EC2 that runs it, publishes its report, and is gone in time.

    machines.py   which machines there are, what they cost and can do     cost.py     what a launch will cost at most
    bundle.py     what travels: recipe, pictures, program                 wheel.py    the program as a wheel
    script.py     what the node does (`node.sh`)                          policy.py   what the node may do
    account.py    every request to AWS                                    network.py  who can reach the node
    roles.py      the node's role                                         guard.py    ends the node from outside
    order.py      what was asked for                                      launching.py  all of it in order
    watching.py   ps, logs, stop                                          cleanup.py  what was left over
    by_hand.py    the same by the AWS CLI alone                           export.py   for SkyPilot and Slurm

Nothing in here imports torch but what reads a recipe (`bundle.py`, `cost.py`).
"""
