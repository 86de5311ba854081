from functools import cache

import jsonschema
import pytest

from tests.infra.field_table import read_table, schema_of, shape_at
from tests.infra.manifests import OVERLAYS, documents, manifest_files, overlay

TABLE = read_table()


@cache
def validator(kind):
    return jsonschema.Draft202012Validator(schema_of(kind, TABLE))


def complaints(manifest):
    return list(validator(manifest["kind"]).iter_errors(manifest))


def keys(value, path=()):
    """Path of every key of a manifest, at any depth."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, below in pairs:
        if isinstance(name, str):
            yield (*path, name)
        yield from keys(below, (*path, name))


def renamed(value, path):
    """A copy of a manifest in which one key has a letter too many."""
    if isinstance(value, list):
        return [renamed(one, path[1:]) if at == path[0] else one for at, one in enumerate(value)]
    if len(path) == 1:
        return {name + "s" * (name == path[0]): one for name, one in value.items()}
    return {name: renamed(one, path[1:]) if name == path[0] else one for name, one in value.items()}


@pytest.mark.parametrize("path", manifest_files(), ids=lambda path: path.stem)
def test_a_key_with_a_letter_too_many_is_refused_at_any_depth_of_any_manifest(path):
    for manifest in documents(path):
        assert complaints(manifest) == []
        known = validator(manifest["kind"])
        passed = [" ".join(map(str, at)) for at in keys(manifest) if known.is_valid(renamed(manifest, at))]
        assert not passed, passed


@pytest.mark.parametrize("name", OVERLAYS)
def test_an_overlay_has_only_fields_that_kuberay_and_kubernetes_know(name):
    found = [
        f"{one['kind']} {one['metadata']['name']}: {line.message}" for one in overlay(name) for line in complaints(one)
    ]
    assert not found, found


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("spec", "backoffLimit"), "1"),
        (("spec", "shutdownAfterJobFinishes"), "true"),
        (("metadata", "name"), 7),
        (("kind",), "RayJobs"),
        (("apiVersion",), "ray.io/v1alpha1"),
    ],
)
def test_a_value_of_another_type_is_refused(path, wrong):
    (manifest,) = [one for file in manifest_files() if file.name == "ray-job.fit.yaml" for one in documents(file)]
    *above, name = path
    place = manifest
    for step in above:
        place = place[step]
    place[name] = wrong
    assert not validator("RayJob").is_valid(manifest)


def paths(value, path):
    """Path of every field, as the table writes it."""
    yield path
    if len(path) > 1 and (shape := shape_at(path)):
        path = (shape,)
    for name, one in value.items() if isinstance(value, dict) else ():
        yield from paths(one, (*path, name))
    for one in value if isinstance(value, list) else ():
        yield from paths(one, (*path, "[]"))


def test_the_table_allows_nothing_that_no_manifest_uses():
    manifests = [one for path in manifest_files() for one in documents(path)]
    manifests += [one for name in OVERLAYS for one in overlay(name)]
    assert set(TABLE) - {path for one in manifests for path in paths(one, (one["kind"],))} == set()
