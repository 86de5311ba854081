"""Manifests against the true definitions of KubeRay and Kubernetes, which are not part of this project.

ASD_KUBERAY_CRDS names a folder with KubeRay's ray.io_*.yaml and with Kubernetes' swagger.json, as openapi.json.
"""

import copy
import os
from pathlib import Path

import jsonschema
import pytest

from tests.infra.field_table import TABLE
from tests.infra.write_fields import Definitions, all_manifests, table_text

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def definitions():
    folder = os.environ.get("ASD_KUBERAY_CRDS")
    if not folder:
        pytest.skip("ASD_KUBERAY_CRDS names no folder of definitions")
    return Definitions(folder, Path(folder) / "openapi.json")


def test_every_manifest_keeps_to_the_definitions_with_unknown_fields_refused(definitions):
    for manifest in all_manifests():
        schema = definitions.strict(definitions.of(manifest))
        found = [
            f"{line.json_path}: {line.message}"
            for line in jsonschema.Draft202012Validator(schema).iter_errors(manifest)
        ]
        assert not found, (manifest["kind"], manifest["metadata"], found)


def test_a_field_that_they_do_not_know_is_refused(definitions):
    (job,) = [one for one in all_manifests() if one["kind"] == "RayJob" and "rayClusterSpec" in one["spec"]][:1]
    job = copy.deepcopy(job)
    pod = job["spec"]["rayClusterSpec"]["workerGroupSpecs"][0]["template"]["spec"]
    pod["containers"][0]["imagePullPolice"] = pod["containers"][0].pop("image")
    schema = definitions.strict(definitions.of(job))
    (line,) = jsonschema.Draft202012Validator(schema).iter_errors(job)
    assert "imagePullPolice" in line.message


def test_the_table_is_what_the_definitions_say(definitions):
    assert table_text(definitions) == TABLE.read_text("utf-8")
