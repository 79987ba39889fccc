from app.services.frontier import find_frontier
from app.store.models import Step


def steps(**needs: str) -> list[Step]:
    """`s2="s1"`: s2 waits for s1. Names in `done` are completed."""
    return [
        Step(
            step_id=name,
            status="pending",
            depends_on=text.split(),
            deps_left=len(text.split()),
            nodes=["op_0_trim", "output_0"],
            position=number,
            weight=1,
        )
        for number, (name, text) in enumerate(needs.items())
    ]


def chains(rows: list[Step]) -> list[list[str]]:
    return [[m.step_id for m in chain] for chain in find_frontier("j", rows).chains]


def test_a_ready_step_takes_its_linear_tail() -> None:
    assert chains(steps(s1="", s2="s1", s3="s2")) == [["s1", "s2", "s3"]]


def test_a_tail_ends_at_a_fork_and_at_a_join() -> None:
    assert chains(steps(s1="", s2="s1", s3="s1")) == [["s1"]]
    assert chains(steps(s1="", s2="", s3="s1 s2", s4="s3")) == [["s1"], ["s2"]]


def test_what_was_sent_is_not_sent_again() -> None:
    rows = steps(s1="", s2="s1", s3="")
    rows[0].status = rows[1].status = "queued"
    assert chains(rows) == [["s3"]]


def test_a_finished_join_lets_the_rest_go() -> None:
    rows = steps(s1="", s2="", s3="s1 s2", s4="s3")
    rows[0].status = rows[1].status = "completed"
    rows[2].deps_left = 0
    assert chains(rows) == [["s3", "s4"]]


def test_messages_show_operators_and_no_urls() -> None:
    (message,) = find_frontier("j", steps(s1="")).chains[0]
    assert message.shown == "s1: trim -> 1 output(s)"


def test_the_longest_way_goes_first() -> None:
    rows = steps(s1="", s2="", s3="s2", s4="", s5="s2")
    rows[2].weight = 5
    rows[3].weight = 3
    assert chains(rows) == [["s2"], ["s4"], ["s1"]]
