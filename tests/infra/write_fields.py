"""Write the table of fields again: `python -m tests.infra.write_fields CRDS OPENAPI.json`.

CRDS is a folder with KubeRay's custom resource definitions (ray.io_rayclusters.yaml and its neighbours); OPENAPI is
Kubernetes' own description of its API (swagger.json). Only the names and types of fields that the manifests use are
taken from them.
"""

import json
import sys
from pathlib import Path

import yaml

from tests.infra.field_table import TABLE, shape_at
from tests.infra.manifests import OVERLAYS, documents, manifest_files, overlay

HEADER = """# Fields that infra/kubernetes uses, with their types, as KubeRay 1.7.0 and Kubernetes define them.
# Written by `python -m tests.infra.write_fields`; tests/infra/field_table.py says how to read it.
"""


class Definitions:
    """The true schemas: of KubeRay's kinds and of Kubernetes' own.

    Args:
        crds: folder of custom resource definitions.
        openapi: Kubernetes' API as JSON.
    """

    def __init__(self, crds, openapi):
        self.api = json.loads(Path(openapi).read_text("utf-8"))["definitions"]
        self.kinds = {}
        for path in sorted(Path(crds).glob("*.yaml")):
            crd = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
            (version,) = [one for one in crd["spec"]["versions"] if one["name"] == "v1"]
            self.kinds["ray.io/v1", crd["spec"]["names"]["kind"]] = version["schema"]["openAPIV3Schema"]
        for one in self.api.values():
            for names in one.get("x-kubernetes-group-version-kind", []):
                self.kinds["/".join(filter(None, [names["group"], names["version"]])), names["kind"]] = one
        self.metadata = self.api["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"]

    def of(self, manifest):
        """The schema of a manifest's kind."""
        return self.kinds[manifest["apiVersion"], manifest["kind"]]

    def resolved(self, schema):
        """A schema, or what it refers to."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            if name.endswith(".IntOrString"):
                return {"x-kubernetes-int-or-string": True}
            return {**self.api[name], "x-quantity": name.endswith(".Quantity")}
        return schema

    def strict(self, schema, path=()):
        """The schema with every unknown field refused, and metadata as Kubernetes defines it.

        A quantity and a port may be numbers or words.
        """
        schema = self.resolved(schema)
        if path and path[-1] == "metadata" and not schema.get("properties"):
            schema = self.metadata
        if schema.get("x-kubernetes-int-or-string") or schema.get("x-quantity"):
            return {"type": ["integer", "string", "number"]}
        new = {
            key: schema[key]
            for key in ("type", "enum", "required", "minimum", "minLength", "minItems")
            if key in schema
        }
        if "properties" in schema:
            new["properties"] = _Lazy(self, schema["properties"], path)
            new["additionalProperties"] = False
        elif isinstance(schema.get("additionalProperties"), dict):
            new["additionalProperties"] = self.strict(schema["additionalProperties"], (*path, "*"))
        if "items" in schema:
            new["items"] = self.strict(schema["items"], (*path, "[]"))
        return new


class _Lazy(dict):
    """Strict schemas of properties, made when they are looked up: the whole would be megabytes."""

    def __init__(self, definitions, properties, path):
        super().__init__(properties)
        self._made = (definitions, path)

    def __getitem__(self, name):
        definitions, path = self._made
        return definitions.strict(super().__getitem__(name), (*path, name))

    def items(self):
        return ((name, self[name]) for name in self)


def fields(value, schema, path, definitions, found):
    """Add to `found` the path and type of all that a manifest says.

    Args:
        value: of the manifest.
        schema: the true one.
        path: words of the table's line.
        definitions: see `Definitions`.
        found: path → (type, whether it must be there).
    """
    schema = definitions.resolved(schema)
    if path[-1] == "metadata" and not schema.get("properties"):
        schema = definitions.metadata
    if len(path) > 1 and (shape := shape_at(path)):
        found[path] = (shape, found.get(path, ("", False))[1])
        path = (shape,)
    if isinstance(value, dict):
        properties, rest = schema.get("properties", {}), schema.get("additionalProperties")
        if not value and not found.get(path, ("",))[0]:
            found[path] = ("{}", found.get(path, ("", False))[1])
        for name, one in value.items():
            if name not in properties and not isinstance(rest, dict):
                raise ValueError(f"{' '.join(path)}: there is no field {name}")
            below = (*path, name)
            found.setdefault(below, ("", name in schema.get("required", [])))
            fields(one, properties.get(name, rest), below, definitions, found)
    elif isinstance(value, list):
        for one in value:
            found.setdefault((*path, "[]"), ("", False))
            fields(one, schema["items"], (*path, "[]"), definitions, found)
    else:
        kind = f"one:{value}" if path[1:] in (("apiVersion",), ("kind",)) else _simple(schema)
        found[path] = (kind, found.get(path, ("", False))[1])


def _simple(schema):
    if schema.get("x-quantity") or (schema.get("x-kubernetes-int-or-string") and "pattern" in schema):
        return "quantity"
    if schema.get("x-kubernetes-int-or-string"):
        return "int-or-string"
    if "enum" in schema:
        return "one:" + "|".join(schema["enum"])
    return schema["type"]


def all_manifests():
    """Every object of the files and of the overlays."""
    return [one for path in manifest_files() for one in documents(path)] + [
        one for name in OVERLAYS for one in overlay(name)
    ]


def table_text(definitions):
    """The table that the manifests need."""
    found = {}
    for manifest in all_manifests():
        fields(manifest, definitions.of(manifest), (manifest["kind"],), definitions, found)
    parents = {path[:-1] for path in found}
    lines = []
    for path, (kind, needed) in sorted(found.items()):
        if kind == "{}" and path in parents:
            continue
        if kind or needed:
            lines.append(" ".join(path) + ("! " if needed else " ") + (kind or "of"))
    return HEADER + "\n".join(lines) + "\n"


if __name__ == "__main__":
    TABLE.write_text(table_text(Definitions(sys.argv[1], sys.argv[2])), encoding="utf-8")
