"""The smallest app that `up` can be tried with: a bucket, and a function that says hello.

It writes what a synthesis would, which takes aws_cdk most of the time of such a deploy. Our own stacks are
synthesized and deployed in tests/e2e.
"""

import json
import os
from pathlib import Path

CODE = """
def handler(event, context):
    return {"hello": event["name"]}
"""
ROLE = {
    "AssumeRolePolicyDocument": {
        "Version": "2012-10-17",
        "Statement": [
            {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
        ],
    }
}
HELLO = {
    "Code": {"ZipFile": CODE},
    "Handler": "index.handler",
    "Role": {"Fn::GetAtt": ["Role", "Arn"]},
    "Runtime": "python3.13",
}
resources = {
    "Files": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"},
    "Role": {"Type": "AWS::IAM::Role", "Properties": ROLE},
    "Hello": {"Type": "AWS::Lambda::Function", "Properties": HELLO},
}
outputs = {"BucketName": {"Value": {"Ref": "Files"}}, "FunctionName": {"Value": {"Ref": "Hello"}}}
stack = {
    "type": "aws:cloudformation:stack",
    "environment": "aws://000000000000/ap-south-1",
    "properties": {"templateFile": "Tiny.template.json"},
}

out = Path(os.environ["CDK_OUTDIR"])
out.mkdir(exist_ok=True)
(out / "Tiny.template.json").write_text(json.dumps({"Resources": resources, "Outputs": outputs}))
(out / "manifest.json").write_text(json.dumps({"version": "55.0.0", "artifacts": {"Tiny": stack}}))
