"""CloudFormation: restores resource types and properties that the emulator lacks or drops in silence."""

import secrets
from collections.abc import Callable
from typing import Any

from ministack.services import dynamodb, ec2, scheduler
from ministack.services.cloudformation import provisioners

from beforehand_cli.local.errors import LocalError

Properties = dict[str, Any]
Attributes = dict[str, Any]
Amend = Callable[[str, Attributes, Properties], None]
_HANDLERS = provisioners._RESOURCE_HANDLERS
_SCHEDULE_PROPERTIES = (
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "StartDate",
    "EndDate",
    "FlexibleTimeWindow",
    "Target",
    "State",
    "Description",
    "KmsKeyArn",
)


class ScheduleRefusedError(LocalError):
    """Scheduler refused {name}: {reason}"""


def apply() -> None:
    """Add the missing types and amend the existing ones."""
    _HANDLERS["AWS::EC2::SecurityGroupIngress"] = _security_group_rule(
        "IpPermissions", provisioners._ec2_sg_permissions
    )
    _HANDLERS["AWS::EC2::SecurityGroupEgress"] = _security_group_rule(
        "IpPermissionsEgress", provisioners._ec2_sg_permissions
    )
    _HANDLERS["AWS::EC2::FlowLog"] = _flow_log()
    _HANDLERS["AWS::Scheduler::Schedule"] = {
        "create": _create_schedule,
        "update": _update_schedule,
        "delete": _HANDLERS["AWS::Scheduler::Schedule"]["delete"],
    }
    amend("AWS::EC2::VPC", _vpc_attributes)
    amend("AWS::DynamoDB::Table", _time_to_live)


def amend(resource_type: str, after: Amend) -> None:
    """Run `after(physical id, attributes, properties)` on what the emulator's create and update made."""
    handler = dict(_HANDLERS[resource_type])
    create, update = handler["create"], handler["update"]

    def amended_create(logical_id: str, properties: Properties, stack: str) -> tuple[str, Attributes]:
        physical_id, attributes = create(logical_id, properties, stack)
        after(physical_id, attributes, properties)
        return physical_id, attributes

    def amended_update(physical_id: str, old: Properties, new: Properties, *rest: Any) -> tuple[str, Attributes]:
        physical_id, attributes = update(physical_id, old, new, *rest)
        after(physical_id, attributes, new)
        return physical_id, attributes

    handler.update(create=amended_create, update=amended_update)
    _HANDLERS[resource_type] = handler


def _security_group_rule(direction: str, permissions: Callable[[list[Properties]], list[Properties]]) -> Properties:
    """A rule as a resource of its own, put into its group's rules and taken out again."""

    def create(_logical_id: str, properties: Properties, _stack: str) -> tuple[str, Attributes]:
        group = ec2._security_groups.get(properties["GroupId"])
        if group is None:
            raise ValueError(f"The security group '{properties['GroupId']}' does not exist")
        group.setdefault(direction, []).extend(permissions([properties]))
        rule_id = f"sgr-{secrets.token_hex(9)[:17]}"
        return rule_id, {"Id": rule_id}

    def delete(_rule_id: str, properties: Properties) -> None:
        group = ec2._security_groups.get(properties.get("GroupId"))
        if group is not None:
            unwanted = permissions([properties])
            group[direction] = [rule for rule in group.get(direction, []) if rule not in unwanted]

    def update(rule_id: str, old: Properties, new: Properties, stack: str) -> tuple[str, Attributes]:
        created = create(rule_id, new, stack)
        delete(rule_id, old)
        return created

    return {"create": create, "update": update, "delete": delete}


def _flow_log() -> Properties:
    """A flow log that exists and logs nothing: there is no network here whose flow could be logged."""

    def create(_logical_id: str, _properties: Properties, _stack: str) -> tuple[str, Attributes]:
        log_id = f"fl-{secrets.token_hex(9)[:17]}"
        return log_id, {"Id": log_id}

    def update(log_id: str, _old: Properties, _new: Properties, _stack: str) -> tuple[str, Attributes]:
        return log_id, {"Id": log_id}

    def delete(_log_id: str, _properties: Properties) -> None:
        return None

    return {"create": create, "update": update, "delete": delete}


def _vpc_attributes(_vpc_id: str, attributes: Attributes, properties: Properties) -> None:
    attributes["CidrBlock"] = properties.get("CidrBlock", "10.0.0.0/16")


def _time_to_live(table: str, _attributes: Attributes, properties: Properties) -> None:
    wanted = properties.get("TimeToLiveSpecification")
    if wanted is not None:
        enabled = provisioners._cfn_bool(wanted.get("Enabled", True))
        dynamodb._update_ttl(
            {
                "TableName": table,
                "TimeToLiveSpecification": {"AttributeName": wanted["AttributeName"], "Enabled": enabled},
            }
        )


def _create_schedule(logical_id: str, properties: Properties, stack: str) -> tuple[str, Attributes]:
    """As the API's CreateSchedule does it, with the time zone, the bounds and the service's own checks."""
    name = properties.get("Name") or provisioners._physical_name(stack, logical_id, max_len=64)
    group = properties.get("GroupName", "default")
    scheduler._ensure_default_group()
    _answered(name, scheduler._create_schedule(name, _schedule_body(properties)))
    return name, {"Arn": scheduler._schedule_arn(group, name)}


def _update_schedule(name: str, old: Properties, new: Properties, stack: str) -> tuple[str, Attributes]:
    group = new.get("GroupName", "default")
    if new.get("Name", name) != name or group != old.get("GroupName", "default"):
        created = _create_schedule(name, {**new, "Name": new.get("Name", name)}, stack)
        _HANDLERS["AWS::Scheduler::Schedule"]["delete"](name, old)
        return created
    _answered(name, scheduler._update_schedule(name, _schedule_body(new)))
    return name, {"Arn": scheduler._schedule_arn(group, name)}


def _schedule_body(properties: Properties) -> Properties:
    body = {key: properties[key] for key in _SCHEDULE_PROPERTIES if key in properties}
    return {**body, "GroupName": properties.get("GroupName", "default")}


def _answered(name: str, answer: tuple[int, Properties, bytes]) -> None:
    status, _, body = answer
    if status >= 400:
        raise ScheduleRefusedError(name=name, reason=body.decode())
