"""JobSpec from JSON: every problem at once, each with a pointer; neither media nor network needed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from operators import registry
from operators.contract import Operator
from operators.media import Kind
from operators.problem import Code, Invalid, Problem, did_you_mean, pointer
from operators.reading import as_problems, read_fields
from planner.check_encoding import check_encoding
from planner.cycles import find_cycle
from planner.policy import Policy
from planner.spec import (
    InputSpec,
    JobFields,
    JobSpec,
    OperationFields,
    OperationSpec,
    OutputSpec,
    Reference,
)
from planner.uri import BadUri, parse_uri

_SUGGESTED = 20
_TOLD = 500
_MOST_READ = 2000
"""Inputs of all operations together."""


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """A valid spec, and what is odd but allowed."""

    spec: JobSpec
    warnings: tuple[Problem, ...]


def parse_spec(document: object, policy: Policy) -> Parsed:
    """Read and check a JobSpec. Raises: Invalid, with every problem."""
    reader = _Reader(policy=policy)
    spec = reader.read(document)
    if reader.problems or spec is None:
        raise Invalid(_told(reader.problems))
    return Parsed(spec=spec, warnings=tuple(reader.warnings))


def _told(problems: Sequence[Problem]) -> Sequence[Problem]:
    """All problems, or as many as somebody reads: an answer is bounded, whatever was sent."""
    more = len(problems) - _TOLD
    if more <= 0:
        return problems
    text = f"there are {more} problems more"
    last = Problem(
        code=Code.INVALID_JOB_SPEC, pointer="", message=text, suggestion="Mend these first."
    )
    return [*problems[:_TOLD], last]


@dataclass(kw_only=True)
class _Reader:
    """Collects problems while it reads; half-read parts still take part in the cross-checks."""

    policy: Policy
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """Every name that can be referred to -> the pointer of what declares it."""

    def add(self, code: Code, at: str, message: str, suggestion: str | None = None) -> None:
        self.problems.append(Problem(code=code, pointer=at, message=message, suggestion=suggestion))

    def read(self, document: object) -> JobSpec | None:
        values, findings = read_fields(JobFields, document)
        self.problems += as_problems(findings, "", Code.INVALID_JOB_SPEC)
        inputs = self._items("inputs", values, InputSpec, Code.INVALID_INPUT)
        operations = self._items("operations", values, OperationFields, Code.INVALID_OPERATION)
        outputs = self._items("outputs", values, OutputSpec, Code.INVALID_OUTPUT)
        if values.get("plan_id"):
            self.add(Code.INVALID_JOB_SPEC, "/plan_id", "plan_id must be the only field")
        self._declare("inputs", inputs, "id")
        self._declare("operations", operations, "output")
        for index, given in enumerate(inputs):
            if "source" in given:
                self.problems += self.policy.check_source(
                    given["source"], pointer("inputs", index, "source")
                )
        if self._reads_too_much(operations):
            return None
        made = [self._operation(index, given) for index, given in enumerate(operations)]
        self._outputs(outputs, self._sources(inputs))
        self._limits(values)
        if values.get("webhook_url"):
            self.problems += self.policy.check_webhook(values["webhook_url"], "/webhook_url")
        self._check_cycle(operations)
        if self.problems:
            return None
        self._warn(inputs, operations, outputs)
        return JobSpec(
            inputs=tuple(InputSpec(**given) for given in inputs),
            operations=tuple(operation for operation in made if operation),
            outputs=tuple(OutputSpec(**given) for given in outputs),
            priority=values["priority"],
            timeout=values["timeout"] or self.policy.timeout,
            limits=values["limits"],
            tags=values["tags"],
            debug=values["debug"],
            webhook_url=values["webhook_url"],
        )

    def _items(
        self, name: str, values: Mapping[str, Any], cls: type, code: Code
    ) -> list[dict[str, Any]]:
        items = []
        for index, raw in enumerate(values.get(name) or ()):
            given, findings = read_fields(cls, raw)
            self.problems += as_problems(findings, pointer(name, index), code)
            items.append(given)
        return items

    def _reads_too_much(self, operations: Sequence[Mapping[str, Any]]) -> bool:
        """Each of an operation's inputs takes time to plan, and FFmpeg memory."""
        count = sum(len(given.get("inputs") or ()) for given in operations)
        if count > _MOST_READ:
            text = f"the operations name {count} inputs in all; {_MOST_READ} are the most"
            advice = "Join fewer at a time, in several jobs."
            self.add(Code.RESOURCE_LIMIT_EXCEEDED, "/operations", text, advice)
        return count > _MOST_READ

    def _declare(self, kind: str, items: Sequence[Mapping[str, Any]], key: str) -> None:
        for index, given in enumerate(items):
            name, at = given.get(key), pointer(kind, index, key)
            if name in self.names:
                self.add(
                    Code.DUPLICATE_ID, at, f'the name "{name}" is taken by {self.names[name]}',
                    "Choose another; inputs and operation outputs share one name space.",
                )  # fmt: skip
            elif name:
                self.names[name] = at

    def _operation(self, index: int, given: Mapping[str, Any]) -> OperationSpec | None:
        at = pointer("operations", index)
        references = self._references(given, at)
        operator = self._operator(given, at)
        if "op" in given and (kind := registry.find(given["op"])):
            self._check_inputs(kind, references, at, is_list=bool(given.get("inputs")))
        if operator is None or "output" not in given:
            return None
        return OperationSpec(operator=operator, inputs=references, output=given["output"])

    def _references(self, given: Mapping[str, Any], at: str) -> tuple[Reference, ...]:
        single, several = given.get("input"), given.get("inputs")
        if single and several:
            self.add(Code.INVALID_OPERATION, at, "input and inputs cannot both be given")
        if single:
            self._check_reference(single, f"{at}/input")
        for position, reference in enumerate(several or ()):
            self._check_reference(reference, f"{at}/inputs/{position}")
        return tuple(several) if several else (single,) if single else ()

    def _check_reference(self, reference: Reference, at: str) -> None:
        if reference.id not in self.names:
            self.add(
                Code.INVALID_REFERENCE, at, f'nothing here is named "{reference.id}"',
                # comparing is costly, and nobody reads so many suggestions
                did_you_mean(reference.id, self.names) if len(self.problems) < _SUGGESTED else None,
            )  # fmt: skip

    def _operator(self, given: Mapping[str, Any], at: str) -> Operator | None:
        if "op" not in given:
            return None
        kind = registry.find(given["op"])
        if kind is None:
            shown = did_you_mean(given["op"], registry.names())
            self.add(
                Code.UNKNOWN_OPERATOR, f"{at}/op", f'there is no operator "{given["op"]}"', shown
            )
            return None
        operator, problems = kind.read(given.get("params") or {}, f"{at}/params")
        self.problems += problems
        return operator

    def _check_inputs(
        self, kind: type[Operator], references: Sequence[Reference], at: str, is_list: bool
    ) -> None:
        required = kind.requires()
        most = required.max_inputs or required.min_inputs
        if not required.min_inputs <= len(references) <= most:
            wanted = (
                str(most) if most == required.min_inputs else f"{required.min_inputs} to {most}"
            )
            field_name = "input" if most == 1 else "inputs"
            self.add(
                Code.INVALID_OPERATION, at, f"{kind.name} takes {wanted} input(s), not {len(references)}",
                f'Name them in "{field_name}".',
            )  # fmt: skip
        for position, reference in enumerate(references):
            missing = required.needs(position) - {reference.kind} if reference.kind else ()
            if missing:
                where = f"{at}/inputs/{position}" if is_list else f"{at}/input"
                self.add(
                    Code.INVALID_REFERENCE, where,
                    f'"{reference}" is {reference.kind} alone, but {kind.name} needs {_and(missing)}',
                    f'Refer to "{reference.id}".',
                )  # fmt: skip

    def _sources(self, inputs: Sequence[Mapping[str, Any]]) -> dict[str, int]:
        """The sources that can be taken apart -> the number of their input."""
        found: dict[str, int] = {}
        for index, given in enumerate(inputs):
            try:
                found.setdefault(str(parse_uri(given.get("source", ""))), index)
            except BadUri:
                continue
        return found

    def _outputs(self, outputs: Sequence[Mapping[str, Any]], sources: Mapping[str, int]) -> None:
        seen: dict[str, int] = {}
        for index, given in enumerate(outputs):
            at = pointer("outputs", index)
            if "id" in given:
                self._check_reference(given["id"], f"{at}/id")
            if "destination" not in given:
                continue
            where = f"{at}/destination"
            found = self.policy.check_destination(given["destination"], where)
            self.problems += found
            if found:
                continue
            key = str(parse_uri(given["destination"]))
            if key in sources:
                self.add(
                    Code.INVALID_OUTPUT, where, f"input {sources[key]} is read from here",
                    "A job that is tried again needs its inputs as they were; write elsewhere.",
                )  # fmt: skip
            if key in seen:
                self.add(
                    Code.INVALID_OUTPUT, where, f"output {seen[key]} already has this destination",
                    "Give every output a destination of its own.",
                )  # fmt: skip
            seen.setdefault(key, index)
            if "codec" in given:
                self.problems += check_encoding(given, at)

    def _limits(self, values: Mapping[str, Any]) -> None:
        if values.get("limits"):
            self.problems += self.policy.check_limits(values["limits"], "/limits")

    def _check_cycle(self, operations: Sequence[Mapping[str, Any]]) -> None:
        feeds = {
            given["output"]: [r.id for r in (given.get("inputs") or (given.get("input"),)) if r]
            for given in operations
            if "output" in given
        }
        cycle = find_cycle(feeds)
        if cycle:
            # printed in the direction in which media flows
            path = " -> ".join(reversed(cycle))
            self.add(
                Code.CYCLIC_DEPENDENCY, "/operations", f"operations depend on each other in a circle: {path}",
                "Let one of them read something else.",
            )  # fmt: skip

    def _warn(
        self,
        inputs: Sequence[Mapping[str, Any]],
        operations: Sequence[Mapping[str, Any]],
        outputs: Sequence[Mapping[str, Any]],
    ) -> None:
        feeds = {
            op["output"]: [r.id for r in (op["inputs"] or (op["input"],)) if r] for op in operations
        }
        needed: set[str] = set()
        waiting = [output["id"].id for output in outputs]
        while waiting:
            name = waiting.pop()
            if name not in needed:
                needed.add(name)
                waiting += feeds.get(name, ())
        read = {name for sources in feeds.values() for name in sources} | needed
        self.warnings += [
            Problem(
                code=Code.UNREACHABLE_NODE,
                pointer=pointer("operations", index),
                message=f'no output needs "{op["output"]}", so it is left out',
            )
            for index, op in enumerate(operations)
            if op["output"] not in needed
        ]
        self.warnings += [
            Problem(
                code=Code.UNREACHABLE_NODE,
                pointer=pointer("inputs", index),
                message=f'nothing reads the input "{given["id"]}"',
            )
            for index, given in enumerate(inputs)
            if given["id"] not in read
        ]


def _and(kinds: frozenset[Kind] | tuple[()]) -> str:
    return " and ".join(sorted(kinds))
