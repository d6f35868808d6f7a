"""What `cdk synth` wrote for one stage, and how tests look into it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Resource = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Assembly:
    """What `cdk synth` wrote for one stage."""

    stage: str
    folder: Path

    def templates(self) -> dict[str, Resource]:
        """The stacks' templates by name."""
        return {file.name.split(".")[0]: json.loads(file.read_text()) for file in self.files()}

    def files(self) -> list[Path]:
        """The stacks' template files."""
        return sorted(self.folder.glob("*.template.json"))

    def tasks(self) -> Resource:
        """The template of the stack that does the work."""
        return self.templates()[f"Beforehand-{self.stage}-Tasks"]

    def of(self, kind: str) -> dict[str, Resource]:
        """Every stack's resources of one type, by logical id."""
        return {
            name: resource
            for template in self.templates().values()
            for name, resource in template["Resources"].items()
            if resource["Type"] == kind
        }

    def properties(self, kind: str) -> list[Resource]:
        """The properties of every resource of one type."""
        return [resource["Properties"] for resource in self.of(kind).values()]

    def functions(self) -> dict[str, Resource]:
        """The functions' properties by folder name."""
        return {p["Description"].removeprefix("functions/"): p for p in self.properties("AWS::Lambda::Function")}

    def scan(self) -> Resource:
        """The states of the churn scan by name."""
        states: Resource = self.definition("churn-scan")["States"]
        return states

    def machine(self, name: str) -> Resource:
        """The properties of a state machine."""
        machines = self.properties("AWS::StepFunctions::StateMachine")
        (machine,) = [one for one in machines if one["StateMachineName"] == f"beforehand-{self.stage}-{name}"]
        return machine

    def definition(self, name: str) -> Resource:
        """What a state machine does; what CloudFormation fills in stands there as `${…}`."""
        definition: Resource = json.loads(self.machine(name)["DefinitionString"])
        return definition


Synthesize = Callable[..., Assembly]
