"""Fields that the manifests use, and their types: a table of facts, and the strict JSON schema that it stands for.

A line of ``kubernetes_fields.txt`` is the words of a path, and a type: ``RayJobSpec backoffLimit integer``. The first
word is a kind or a shape that several kinds share, ``[]`` stands for the items of a list, and ``!`` follows a field
that must be there. Nothing that has no line is allowed.
"""

from pathlib import Path

TABLE = Path(__file__).with_name("kubernetes_fields.txt")
SIMPLE = {"string", "integer", "number", "boolean"}
# Where one shape lies within another. A manifest is read from its kind, and goes on with the shape's own lines.
SHAPES = {
    ("RayCluster", "spec"): "RayClusterSpec",
    ("RayJob", "spec"): "RayJobSpec",
    ("RayCronJob", "spec", "jobTemplate"): "RayJobSpec",
    ("RayJobSpec", "rayClusterSpec"): "RayClusterSpec",
    ("RayJobSpec", "submitterPodTemplate"): "PodTemplate",
    ("RayClusterSpec", "headGroupSpec", "template"): "PodTemplate",
    ("RayClusterSpec", "workerGroupSpecs", "[]", "template"): "PodTemplate",
    ("RayClusterSpec", "autoscalerOptions", "securityContext"): "SecurityContext",
    ("RayClusterSpec", "autoscalerOptions", "volumeMounts", "[]"): "VolumeMount",
    ("Deployment", "spec", "template"): "PodTemplate",
    ("CronJob", "spec", "jobTemplate", "spec", "template"): "PodTemplate",
    ("PodTemplate", "spec", "containers", "[]"): "Container",
    ("Container", "securityContext"): "SecurityContext",
    ("Container", "volumeMounts", "[]"): "VolumeMount",
}


def shape_at(path):
    """The shape that begins at a path, or None."""
    if path[1:] == ("metadata",):
        return "Metadata"
    return SHAPES.get(tuple(path))


def read_table(text=None):
    """Path → (type, whether it must be there)."""
    found = {}
    for line in (text or TABLE.read_text("utf-8")).splitlines():
        if line and not line.startswith("#"):
            *path, kind = line.split(" ")
            needed = path[-1].endswith("!")
            found[(*path[:-1], path[-1].removesuffix("!"))] = (kind, needed)
    return found


def schema_of(kind, table):
    """The JSON schema of a kind; no field beyond the table passes it."""
    roots = sorted({path[0] for path in table})
    definitions = {root: _schema((root,), table) for root in roots}
    return {"$ref": f"#/$defs/{kind}", "$defs": definitions}


def _schema(path, table):
    if len(path) > 1 and (shape := shape_at(path)):
        return {"$ref": f"#/$defs/{shape}"}
    below = {one[len(path)] for one in table if len(one) > len(path) and one[: len(path)] == path}
    if below == {"[]"}:
        return {"type": "array", "items": _schema((*path, "[]"), table)}
    if below:
        properties = {name: _schema((*path, name), table) for name in sorted(below)}
        needed = [name for name in sorted(below) if table.get((*path, name), ("", False))[1]]
        return {"type": "object", "properties": properties, "required": needed, "additionalProperties": False}
    kind = table[path][0]
    if kind in SIMPLE:
        return {"type": kind}
    if kind == "quantity":
        return {"type": ["string", "integer", "number"], "pattern": r"^\d+(\.\d+)?(m|[kMGTPE]|[KMGTPE]i)?$"}
    if kind == "int-or-string":
        return {"type": ["integer", "string"]}
    if kind == "{}":
        return {"type": "object", "maxProperties": 0}
    if kind.startswith("one:"):
        return {"enum": kind.removeprefix("one:").split("|")}
    raise ValueError(f"{' '.join(path)}: the type {kind!r} is unknown")
