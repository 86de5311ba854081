"""Manifests of infra/kubernetes: files as they lie there, and overlays as `kubectl kustomize` renders them."""

import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
KUBERNETES = ROOT / "infra/kubernetes"
OVERLAYS = sorted(
    str(path.parent.relative_to(KUBERNETES))
    for path in KUBERNETES.glob("overlays/**/kustomization.yaml")
    if path.parent.name != "settings"
)


def documents(path):
    """The objects of a YAML file."""
    return [one for one in yaml.load_all(path.read_text("utf-8"), Loader=yaml.CSafeLoader) if one]


def manifest_files():
    """Files that hold whole objects: no kustomizations, and no patches."""
    return [
        path
        for path in sorted(KUBERNETES.rglob("*.yaml"))
        if path.name != "kustomization.yaml" and not path.name.endswith(".patch.yaml")
    ]


@cache
def rendered(folder):
    """The objects that a folder of kustomize renders to; skips where there is no kubectl."""
    if not shutil.which("kubectl"):
        pytest.skip("kubectl, which renders overlays, is not installed")
    done = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.load_all(done.stdout, Loader=yaml.CSafeLoader) if one]


def overlay(name):
    """The objects of an overlay, such as ``overlays/prod/jobs``."""
    return rendered(KUBERNETES / name)
