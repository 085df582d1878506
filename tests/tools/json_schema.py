# SPDX-License-Identifier: GPL-2.0-only
"""What -j printed against its schema, both ways.

json_schema.py SCHEMA FOLDER [UNSEEN...]: files NAME.* of the folder hold documents of the schema's definition
NAME. Says what does not fit, each printed key that is not documented, each documented key that
nothing printed (but for those of UNSEEN, as NAME.key), and each command's definition without a
document. Exit code 1 when any was found.
"""
import json
import pathlib
import sys

import jsonschema


def strict(node):
    """The same, where keys that are not documented are errors."""
    if isinstance(node, list):
        return [strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {key: strict(value) for key, value in node.items()}
    if isinstance(node.get("properties"), dict) and "type" in node:
        node["additionalProperties"] = False
    return node


def documented(node, name, found):
    """The keys of a definition, as NAME.key, with the schemas that they are in."""
    if isinstance(node, list):
        for item in node:
            documented(item, name, found)
    elif isinstance(node, dict):
        if node.get("type") == "object":
            found.update((name, key) for key in node.get("properties", {}))
        for value in node.values():
            documented(value, name, found)


class Seen:
    """Walks a document beside its schema, and remembers the documented keys that it meets."""

    def __init__(self, definitions):
        self.definitions = definitions
        self.keys = set()

    def walk(self, document, node, name):
        if "$ref" in node:
            name = node["$ref"].rsplit("/", 1)[1]
            self.walk(document, self.definitions[name], name)
        for other in node.get("anyOf", []):
            self.walk(document, other, name)
        if isinstance(document, list) and "items" in node:
            for item in document:
                self.walk(item, node["items"], name)
        if not isinstance(document, dict):
            return
        for key, value in document.items():
            if key in node.get("properties", {}):
                self.keys.add((name, key))
                self.walk(value, node["properties"][key], name)
            elif isinstance(node.get("additionalProperties"), dict):
                self.walk(value, node["additionalProperties"], name)


def documents(text):
    """JSON documents, one after the other."""
    decoder, at = json.JSONDecoder(), 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        document, at = decoder.raw_decode(text, at)
        yield document


def main(schema_path, folder, *unseen):
    schema = json.loads(pathlib.Path(schema_path).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    definitions, bad, met = schema["$defs"], [], set()
    seen, wanted = Seen(definitions), set()
    rules = strict(definitions)

    for file in sorted(pathlib.Path(folder).iterdir()):
        name = file.name.split(".")[0]
        validator = jsonschema.Draft202012Validator(
            {"$defs": rules, "$ref": f"#/$defs/{name}"})
        for document in documents(file.read_text()):
            met.add(name)
            for error in validator.iter_errors(document):
                bad.append(f"{file.name}: {error.json_path}: {error.message[:300]}")
            seen.walk(document, {"$ref": f"#/$defs/{name}"}, name)
    for name, definition in definitions.items():
        documented(definition, name, wanted)
        if "title" in definition and name not in met:
            bad.append(f"{name}: nothing printed one")
    for name, key in sorted(wanted - seen.keys):
        if f"{name}.{key}" not in unseen:
            bad.append(f"{name}: nothing printed '{key}'")
    print("\n".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
