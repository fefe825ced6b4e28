# SPDX-License-Identifier: MIT
"""Holds every answer against api/openapi.yaml, with a validator that knows
nothing of the manager."""
import json
import os
import re

import jsonschema
import yaml

API = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../api")
JSON_TYPES = ("application/json", "application/problem+json")


def load():
    """The document, with instance.schema.json as one of its components."""
    with open(f"{API}/openapi.yaml", encoding="utf-8") as file:
        document = yaml.load(file, yaml.CSafeLoader)
    with open(f"{API}/instance.schema.json", encoding="utf-8") as file:
        config = file.read()
    config = json.loads(config.replace("#/$defs/", "#/components/schemas/"))
    document["components"]["schemas"].update(config.pop("$defs"))
    for key in ("$id", "$schema"):
        del config[key]
    document["components"]["schemas"]["Config"] = config
    return json.loads(json.dumps(document).replace(
        "./instance.schema.json", "#/components/schemas/Config"))


class Document:
    def __init__(self):
        self.document = load()
        self.resolver = jsonschema.RefResolver("", self.document)
        self.seen = set()

    def resolve(self, node):
        return self.resolver.resolve(node["$ref"])[1] if "$ref" in node else node

    def operation(self, method, path):
        for template, item in self.document["paths"].items():
            if re.fullmatch(re.sub(r"{\w+}", r"[^/]+", template), path):
                return template, item.get(method.lower())
        return None, None

    def complaint(self, method, path, status, content_type, body):
        """What is wrong with an answer, or None.  Paths that the document does
        not know may only answer with a problem."""
        method = "GET" if method == "HEAD" else method
        template, operation = self.operation(method, path)
        if operation is None:
            schema = {"$ref": "#/components/schemas/Problem"}
            if status not in (404, 405):
                return f"{status}, but the document has no {method} {path}"
        else:
            self.seen.add((template, method, status))
            response = operation["responses"].get(str(status))
            if response is None:
                return f"{status} is not documented for {method} {template}"
            content = self.resolve(response).get("content")
            if content is None:
                return None if body is None else "a body where there is none"
            if content_type not in content:
                return f"{content_type} is not documented for {status} {template}"
            schema = content[content_type]["schema"]
        if body is None:
            return None
        validator = jsonschema.Draft202012Validator(schema, resolver=self.resolver)
        return "; ".join(f"{list(e.absolute_path)}: {e.message}"
                         for e in validator.iter_errors(body)) or None

    def wrong_examples(self):
        """Examples of the document that do not fit its own schemas."""
        wrong = []

        def visit(node):
            if isinstance(node, dict):
                if "schema" in node:
                    examples = [e.get("value") for e in map(
                        self.resolve, node.get("examples", {}).values())]
                    examples += [node["example"]] if "example" in node else []
                    validator = jsonschema.Draft202012Validator(
                        node["schema"], resolver=self.resolver)
                    wrong.extend(f"{e.message} in {x}" for x in examples
                                 for e in validator.iter_errors(x))
                for child in node.values():
                    visit(child)
            elif isinstance(node, list):
                for child in node:
                    visit(child)
        visit(self.document["paths"])
        visit(self.document["components"]["responses"])
        return wrong
