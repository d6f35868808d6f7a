"""Where the database and its functions live: no way in, no way out but the gateways of S3 and DynamoDB."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.log_groups import log_group
from infra.stage import Stage

CIDR = "10.61.0.0/16"


class Network(Construct):
    """Two isolated subnets, the database's door and the functions' way to it."""

    def __init__(self, scope: Construct, id: str, *, stage: Stage) -> None:
        super().__init__(scope, id)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(CIDR),
            # By place in the region's list, not by name: no look-up, so that synthesis needs no account.
            availability_zones=[cdk.Fn.select(n, cdk.Fn.get_azs()) for n in range(2)],
            nat_gateways=0,
            restrict_default_security_group=False,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="Isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=20)
            ],
        )
        self._gateway("S3", ec2.GatewayVpcEndpointAwsService.S3, "s3:*")
        self._gateway("DynamoDb", ec2.GatewayVpcEndpointAwsService.DYNAMODB, "dynamodb:*")
        self.functions = self._functions(stage)
        self.database = self._database(stage)
        if stage.flow_logs:
            self._flow_log(stage)

    @property
    def isolated(self) -> ec2.SubnetSelection:
        """The subnets without a route to the internet."""
        return ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)

    def _gateway(self, name: str, service: ec2.GatewayVpcEndpointAwsService, actions: str) -> None:
        """A free way to one service, to this account's resources only: nothing is carried into another's bucket."""
        gateway = self.vpc.add_gateway_endpoint(name, service=service)
        gateway.add_to_policy(
            iam.PolicyStatement(
                principals=[iam.AnyPrincipal()],
                actions=[actions],
                resources=["*"],
                conditions={"StringEquals": {"aws:ResourceAccount": cdk.Aws.ACCOUNT_ID}},
            )
        )

    def _functions(self, stage: Stage) -> ec2.ISecurityGroup:
        """Database functions may begin talking to the database and to S3 and DynamoDB; nobody begins with them.

        A prefix list's id is known only to its region. Where the stage does not give the ids, port 443 is open to
        every address, but the subnets have routes to the VPC itself and to those two gateways only.
        """
        egress = ec2.CfnSecurityGroup.EgressProperty
        https: list[dict[str, Any]] = [
            {"destination_prefix_list_id": gateway} for gateway in stage.gateway_prefix_lists
        ] or [{"cidr_ip": "0.0.0.0/0"}]
        rules = [
            egress(**_port(stage.database_port), cidr_ip=CIDR, description="The database"),
            *(egress(**_port(443), **peer, description="S3 or DynamoDB") for peer in https),
        ]
        return self._group("Functions", "Database functions", security_group_egress=rules)

    def _database(self, stage: Stage) -> ec2.ISecurityGroup:
        # Rules stand inside their group: a rule of its own would be one more resource for each.
        inward = ec2.CfnSecurityGroup.IngressProperty(
            **_port(stage.database_port),
            source_security_group_id=self.functions.security_group_id,
            description="Database functions",
        )
        # A group without egress rules may begin talking to everyone.
        nobody = ec2.CfnSecurityGroup.EgressProperty(
            **_port(stage.database_port), cidr_ip="127.0.0.1/32", description="It answers; it never begins"
        )
        return self._group(
            "Database", "The database", security_group_ingress=[inward], security_group_egress=[nobody]
        )

    def _group(self, name: str, description: str, **rules: Any) -> ec2.ISecurityGroup:
        group = ec2.CfnSecurityGroup(
            self, f"{name}Group", group_description=description, vpc_id=self.vpc.vpc_id, **rules
        )
        return ec2.SecurityGroup.from_security_group_id(self, name, group.attr_group_id, mutable=False)

    def _flow_log(self, stage: Stage) -> None:
        """Writes down what was refused: in a network where nothing should be, that is a finding."""
        records = log_group(self, "Refused", stage=stage, name=f"/aws/vpc/{stage.named('refused')}")
        role = iam.Role(self, "RefusedRole", assumed_by=iam.ServicePrincipal("vpc-flow-logs.amazonaws.com"))
        self.vpc.add_flow_log(
            "FlowLog",
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(records, role),
            traffic_type=ec2.FlowLogTrafficType.REJECT,
        )


def _port(number: int) -> dict[str, Any]:
    return {"ip_protocol": "tcp", "from_port": number, "to_port": number}
