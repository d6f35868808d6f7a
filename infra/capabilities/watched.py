"""What a capability is made of, as far as somebody must be woken when it fails."""

from dataclasses import dataclass

from aws_cdk import aws_events as events
from aws_cdk import aws_stepfunctions as sfn

from infra.constructs.dead_letters import DeadLetters
from infra.constructs.task_function import TaskFunction


@dataclass(frozen=True, kw_only=True, slots=True)
class Watched:
    """One capability's functions, queue, and its state machines and rules by name.

    `always`: the state machines that start at least once in every five minutes.
    """

    functions: tuple[TaskFunction, ...]
    dead_letters: DeadLetters
    workflows: tuple[tuple[str, sfn.StateMachine], ...] = ()
    always: tuple[tuple[str, sfn.StateMachine], ...] = ()
    rules: tuple[tuple[str, events.Rule], ...] = ()
