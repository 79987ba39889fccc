"""Workers as an operator reads them."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.cli.job_text import ago
from app.cli.output import out

_COLORS = {"active": "green", "draining": "yellow", "offline": "red"}


def print_workers(workers: Sequence[Mapping[str, Any]]) -> None:
    """One after the other, each with what it runs."""
    if not workers:
        out.print("no workers")
    for worker in workers:
        color = _COLORS[worker["status"]]
        name = worker["worker_id"].partition("#")[0]
        queues = ", ".join(queue for queue in worker["queues"] if "." not in queue)
        out.print(
            f"[bold]{name}[/bold]  [{color}]{worker['status']}[/{color}]  heard {ago(worker['heartbeat_at'])} ago"
            f"  {len(worker['running'])} of {worker['slots']}  [dim]{queues}  {worker['version']}[/dim]"
        )
        for run in worker["running"]:
            out.print(
                f"  {run['job_id']}  {run['step_id']}  attempt {run['attempt']} for {ago(run['since'])}"
            )
