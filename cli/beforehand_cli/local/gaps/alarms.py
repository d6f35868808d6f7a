"""CloudWatch alarms over a sum of metrics: the emulator refuses them; AWS takes and evaluates them.

Here they are taken and kept, so that the same stacks deploy. Nothing measures them: their state stays
INSUFFICIENT_DATA, which `docs/operations.md` says among the things that local is not.
"""

from typing import Any

from ministack.services.cloudformation import provisioners

_UNMEASURED = "Beforehand/Unmeasured"


def apply() -> None:
    """Keep alarms with metric math instead of failing their stack."""
    plain = provisioners._cw_metric_alarm_record

    def record(name: str, properties: dict[str, Any]) -> dict[str, Any]:
        metrics = properties.get("Metrics")
        if not metrics:
            return dict(plain(name, properties))
        single = {key: value for key, value in properties.items() if key != "Metrics"}
        alarm = plain(name, {**single, "Namespace": _UNMEASURED, "MetricName": name})
        return {**alarm, "Metrics": metrics}

    provisioners._cw_metric_alarm_record = record
