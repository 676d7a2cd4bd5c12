# SPDX-License-Identifier: Apache-2.0
"""openapi.yaml as schemas to hold values to."""
import jsonschema
import yaml

from world import ROOT

SPEC = yaml.safe_load((ROOT / "viewer" / "gateway" / "openapi.yaml").read_text(encoding="utf-8"))


def check_schema(value, schema):
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema,
             "components": SPEC["components"]}
    jsonschema.Draft202012Validator(whole).validate(value)


def check(value, name):
    """The value fits components/schemas/NAME, or jsonschema.ValidationError."""
    check_schema(value, {"$ref": f"#/components/schemas/{name}"})
