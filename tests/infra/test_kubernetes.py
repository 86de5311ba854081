import re
import shlex
from inspect import signature
from zoneinfo import ZoneInfo

import click
import pytest

from cluster.engine import RayEngine
from jobs.main import asd
from tests.infra.manifests import KUBERNETES, OVERLAYS, ROOT, overlay, rendered
from tests.infra.project import pinned

STANDING = [name for name in OVERLAYS if not name.endswith("/jobs")]
JOBS = [name for name in OVERLAYS if name.endswith("/jobs")]
PARTS = {"app.kubernetes.io/part-of", "app.kubernetes.io/component"}


def walk(value):
    """Every mapping of a manifest, at any depth."""
    if isinstance(value, dict):
        yield value
    for below in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(below)


def clusters(manifests):
    return [one for manifest in manifests for one in walk(manifest) if "headGroupSpec" in one]


def pods(manifests):
    return [one for manifest in manifests for one in walk(manifest) if "containers" in one]


def job_specs(manifests):
    """The spec of every RayJob, also of those that a RayCronJob makes."""
    return [one for manifest in manifests for one in walk(manifest) if "entrypoint" in one]


def commands(manifests):
    """Every command line of `asd`, as a list of words."""
    entrypoints = [shlex.split(one["entrypoint"]) for one in job_specs(manifests)]
    return entrypoints + [pod["args"] for one in pods(manifests) for pod in one["containers"] if "args" in pod]


@pytest.fixture(scope="module")
def without_ray_cron_jobs(tmp_path_factory):
    """The prod overlay with Kubernetes' own CronJobs in place of KubeRay's."""
    folder = tmp_path_factory.mktemp("overlay")
    parts = ["variants/volumes", "variants/cron-job", "variants/filled"]
    back = "../" * len(folder.parts[1:]) + str(KUBERNETES).lstrip("/")
    text = f"resources: [{back}/base]\ncomponents: [{', '.join(f'{back}/{part}' for part in parts)}]\n"
    (folder / "kustomization.yaml").write_text(text)
    return rendered(folder)


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_cluster_runs_the_ray_that_the_package_pins_and_asks_for_a_token(name):
    for cluster in clusters(overlay(name)):
        assert cluster["rayVersion"] == pinned("ray")
        assert cluster["authOptions"] == {"mode": "token"}


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_command_is_one_that_there_is_with_its_places_filled_in(name, monkeypatch):
    assert commands(overlay(name))
    check_commands(overlay(name), overlay(name.removesuffix("/jobs")), monkeypatch)


def check_commands(manifests, standing, monkeypatch):
    (settings,) = [one["data"] for one in standing if one["kind"] == "ConfigMap"]
    for variable, value in settings.items():
        if variable.startswith("ASD_"):
            monkeypatch.setenv(variable, value)
    for program, job, *arguments in commands(manifests):
        assert program == "asd" and not {"ARCHIVE", "GPUS"} & set(arguments)
        asd.get_command(click.Context(asd), job).make_context(job, list(arguments))  # a usage error otherwise


@pytest.mark.parametrize("name", JOBS)
def test_each_job_is_found_by_its_label_and_nothing_else_is_made_with_it(name):
    labels = [one["metadata"]["labels"]["asd/job"] for one in overlay(name) if one["kind"] == "RayJob"]
    assert [f"asd-{label}" for label in labels] == [one["metadata"]["name"] for one in overlay(name)]
    assert {"fit", "nightly", "caption", "backfill-captions", "tune", "train"} <= set(labels)
    assert all(one["entrypoint"].split()[1] in labels for one in job_specs(overlay(name)))


@pytest.mark.parametrize("name", OVERLAYS)
def test_a_job_ends_before_its_deadline_and_the_no_progress_guard_long_before(name):
    guard = signature(RayEngine).parameters["no_progress_seconds"].default
    for job in job_specs(overlay(name)):
        assert 4 * guard <= job["activeDeadlineSeconds"]
        assert job["preRunningDeadlineSeconds"] < job["activeDeadlineSeconds"]


@pytest.mark.parametrize("name", OVERLAYS)
def test_rules_of_kuberays_operator_that_no_schema_states(name):
    for job in job_specs(overlay(name)):
        shuts_down = job.get("shutdownAfterJobFinishes", False)
        assert shuts_down != ("deletionStrategy" in job) and shuts_down == ("ttlSecondsAfterFinished" in job)
    for cluster in clusters(overlay(name)):
        assert cluster["autoscalerOptions"]["version"] == "v2"
        for group in cluster["workerGroupSpecs"]:
            assert 0 <= group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]
        assert not any("restartPolicy" in pod for pod in pods([cluster]))
    for one in overlay(name):
        assert len(one["metadata"]["name"]) <= {"RayCronJob": 36, "RayJob": 47}.get(one["kind"], 53)


def test_parameters_of_ray_start_are_options_that_it_has():
    from ray.scripts.scripts import start

    known = {option.removeprefix("--") for parameter in start.params for option in parameter.opts}
    used = {
        name
        for cluster in clusters(overlay("overlays/gpu"))
        for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"])
        for name in group["rayStartParams"]
    }
    assert used and used <= known


@pytest.mark.parametrize("name", OVERLAYS)
def test_head_and_workers_see_the_same_places_and_settings(name):
    for cluster in clusters(overlay(name)):
        head, *workers = [
            group["template"]["spec"] for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"])
        ]
        for pod in workers:
            (container,), (first,) = pod["containers"], head["containers"]
            assert container["volumeMounts"] == first["volumeMounts"] and container["image"] == first["image"]
            only_head = [source for source in first["envFrom"] if source not in container["envFrom"]]
            assert only_head == [{"secretRef": {"name": f"asd-{one}", "optional": True}} for one in ("llm", "notify")]


@pytest.mark.parametrize("name", OVERLAYS)
def test_no_pod_is_root_or_writes_but_into_its_volumes(name):
    for pod in pods(overlay(name)):
        who = pod["securityContext"]
        assert who["runAsNonRoot"] and who["runAsUser"] > 0 and who["fsGroup"] > 0
        assert who["seccompProfile"] == {"type": "RuntimeDefault"}
        volumes = {volume["name"] for volume in pod["volumes"]}
        for container in pod["containers"]:
            check_locked(container["securityContext"])
            mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
            assert {"/tmp", "/home/asd"} <= set(mounts) and set(mounts.values()) <= volumes
            assert {"cpu", "memory"} <= set(container["resources"]["requests"]) & set(container["resources"]["limits"])
    for cluster in clusters(overlay(name)):
        check_locked(cluster["autoscalerOptions"]["securityContext"])


def check_locked(context):
    assert context["readOnlyRootFilesystem"] and not context["allowPrivilegeEscalation"]
    assert context["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.parametrize("name", STANDING)
def test_shared_memory_holds_the_share_of_the_memory_that_ray_takes_for_objects(name):
    (cluster,) = [one["spec"] for one in overlay(name) if one["kind"] == "RayCluster"]
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        pod = group["template"]["spec"]
        (shared,) = [one["emptyDir"] for one in pod["volumes"] if one["name"] == "shared-memory"]
        memory = pod["containers"][0]["resources"]["limits"]["memory"]
        assert shared["medium"] == "Memory"
        assert 0.3 <= int(shared["sizeLimit"].removesuffix("Gi")) / int(memory.removesuffix("Gi")) <= 0.75


@pytest.mark.parametrize("name", OVERLAYS)
def test_no_manifest_holds_a_secret_and_the_page_names_each_that_is_referred_to(name):
    page = (ROOT / "docs/kubernetes.md").read_text("utf-8")
    for manifest in overlay(name):
        assert manifest["kind"] != "Secret"
        for one in walk(manifest):
            assert not (re.search("KEY|TOKEN|SECRET|PASSWORD", str(one.get("name"))) and "value" in one)
            secrets = [one[kind]["name"] for kind in ("secretRef", "secretKeyRef") if kind in one]
            for secret in [*secrets, *([one["secretName"]] if "secretName" in one else [])]:
                assert f"`{secret}`" in page
        assert not re.search("KEY|TOKEN|SECRET|PASSWORD", " ".join(manifest.get("data", {})))


@pytest.mark.parametrize("name", STANDING)
def test_policies_and_budgets_select_pods_that_there_are(name):
    labels = [
        {**one["metadata"].get("labels", {}), "ray.io/node-type": "head"}
        for manifest in overlay(name)
        for one in walk(manifest)
        if "spec" in one and "containers" in (one["spec"] or {})
    ]
    chosen = [one["matchLabels"] for manifest in overlay(name) for one in walk(manifest) if "matchLabels" in one]
    ours = [selected for selected in chosen if PARTS & set(selected)]
    assert ours and all(any(selected.items() <= one.items() for one in labels) for selected in ours)


@pytest.mark.parametrize("name", STANDING)
def test_nights_have_a_time_zone_and_a_schedule_of_five_fields(name):
    crons = [one for one in overlay(name) if one["kind"] == "RayCronJob"]
    assert [one["metadata"]["name"] for one in crons] == ["asd-nightly", "asd-refit"]
    for one in crons:
        assert ZoneInfo(one["spec"]["timeZone"]) and len(one["spec"]["schedule"].split()) == 5


@pytest.mark.parametrize("name", STANDING)
def test_pages_ask_for_a_token_that_the_command_reads_from_its_mount(name):
    ((deployment, service),) = zip(
        (one["spec"] for one in overlay(name) if one["kind"] == "Deployment"),
        (one["spec"] for one in overlay(name) if one["kind"] == "Service"),
        strict=True,
    )
    pod = deployment["template"]
    (container,) = pod["spec"]["containers"]
    words = container["args"]
    place = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}["token"]
    assert words[words.index("--token-file") + 1].startswith(f"{place}/")
    (volume,) = [one["secret"] for one in pod["spec"]["volumes"] if one["name"] == "token"]
    assert volume == {"secretName": "asd-serve", "defaultMode": 0o440}
    assert service["selector"] == deployment["selector"]["matchLabels"] == pod["metadata"]["labels"]
    assert [words[words.index("--port") + 1]] == [str(one["containerPort"]) for one in container["ports"]]


def test_on_gpus_a_worker_has_one_and_every_encoder_asks_for_it():
    for name in ("overlays/gpu", "overlays/gpu/jobs"):
        asked = [words[words.index("--gpus") + 1] for words in commands(overlay(name)) if "--gpus" in words]
        assert asked and set(asked) == {"1"}
        for cluster in clusters(overlay(name)):
            (group,) = [group for group in cluster["workerGroupSpecs"] if group["groupName"] == "gpu"]
            (container,) = group["template"]["spec"]["containers"]
            assert group["maxReplicas"] > 0 and "/asd-gpu:" in container["image"]
            assert container["resources"]["requests"]["nvidia.com/gpu"] == "1"
    for name in ("overlays/prod", "overlays/s3"):
        for cluster in clusters(overlay(name)):
            assert [group["maxReplicas"] for group in cluster["workerGroupSpecs"] if group["groupName"] == "gpu"] == [0]


def test_a_head_never_lies_on_a_node_that_the_cloud_may_take_back_and_workers_may():
    for cluster in clusters(overlay("overlays/prod/jobs")):
        head = cluster["headGroupSpec"]["template"]["spec"]
        assert "tolerations" not in head
        assert "requiredDuringSchedulingIgnoredDuringExecution" in head["affinity"]["nodeAffinity"]
        for group in cluster["workerGroupSpecs"]:
            assert {"cloud.google.com/gke-spot", "kubernetes.azure.com/scalesetpriority"} <= {
                one["key"] for one in group["template"]["spec"]["tolerations"]
            }


def test_in_a_bucket_nothing_is_mounted_but_folders_of_the_pod_itself():
    for name in ("overlays/s3", "overlays/s3/jobs"):
        assert not any(one["kind"] == "PersistentVolumeClaim" for one in overlay(name))
        assert all("persistentVolumeClaim" not in one for manifest in overlay(name) for one in walk(manifest))
        with_archive = [words for words in commands(overlay(name)) if words[1] in ("nightly", "tune", "train")]
        assert with_archive and all("s3://asd/recordings" in words for words in with_archive)


def test_without_ray_cron_jobs_a_night_is_handed_to_the_cluster_on_call(without_ray_cron_jobs, monkeypatch):
    names = {"asd-nightly", "asd-refit"}
    crons = [one for one in without_ray_cron_jobs if one["kind"] == "CronJob" and one["metadata"]["name"] in names]
    assert len(crons) == 2
    assert not any(one["kind"] == "RayCronJob" for one in without_ray_cron_jobs)
    (cluster,) = [one for one in without_ray_cron_jobs if one["kind"] == "RayCluster"]
    for one in crons:
        assert one["spec"]["concurrencyPolicy"] == "Forbid" and ZoneInfo(one["spec"]["timeZone"])
        (container,) = one["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
        assert f"http://{cluster['metadata']['name']}-head-svc:8265" in container["command"]
    check_commands(without_ray_cron_jobs, without_ray_cron_jobs, monkeypatch)


@pytest.mark.parametrize("name", STANDING)
def test_jobs_know_how_large_the_cluster_may_grow(name):
    (settings,) = [one["data"] for one in overlay(name) if one["kind"] == "ConfigMap"]
    (cluster,) = [one["spec"] for one in overlay(name) if one["kind"] == "RayCluster"]
    for resource, variable in (("cpu", "ASD_CLUSTER_CPUS"), ("nvidia.com/gpu", "ASD_CLUSTER_GPUS")):
        largest = sum(
            group["maxReplicas"] * int(container["resources"]["requests"].get(resource, 0))
            for group in cluster["workerGroupSpecs"]
            for container in group["template"]["spec"]["containers"]
        )
        assert largest == int(settings.get(variable, 0))
