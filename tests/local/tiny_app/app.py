"""The smallest app that `up` can be tried with: a bucket, and a function that says hello."""

import aws_cdk as cdk
from aws_cdk import aws_lambda as functions
from aws_cdk import aws_s3 as s3

CODE = """
def handler(event, context):
    return {"hello": event["name"]}
"""

app = cdk.App()
stack = cdk.Stack(app, "Tiny", env=cdk.Environment(account="000000000000", region="ap-south-1"))
bucket = s3.Bucket(stack, "Files", removal_policy=cdk.RemovalPolicy.DESTROY)
function = functions.Function(
    stack,
    "Hello",
    runtime=functions.Runtime.PYTHON_3_13,
    handler="index.handler",
    code=functions.Code.from_inline(CODE),
    description=app.node.try_get_context("greeting") or "none",
)
cdk.CfnOutput(stack, "BucketName", value=bucket.bucket_name)
cdk.CfnOutput(stack, "FunctionName", value=function.function_name)
app.synth()
