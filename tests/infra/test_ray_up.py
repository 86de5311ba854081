import copy

import jsonschema
import pytest
import yaml

from tests.infra.manifests import ROOT

CONFIG = yaml.safe_load((ROOT / "infra/ray-up.yaml").read_text("utf-8"))


def check(config):
    """What `ray up` does with a file before it asks the cloud for anything."""
    from ray.autoscaler._private.util import prepare_config, validate_config

    validate_config(prepare_config(copy.deepcopy(config)))


def test_ray_takes_the_file():
    check(CONFIG)


@pytest.mark.parametrize(
    "path",
    [
        ("max_workers",),
        ("docker", "pull_before_run"),
        ("auth", "ssh_user"),
        ("available_node_types", "cpu", "min_workers"),
        ("worker_start_ray_commands",),
    ],
)
def test_ray_refuses_a_name_with_a_letter_too_many(path):
    wrong = copy.deepcopy(CONFIG)
    *above, name = path
    place = wrong
    for step in above:
        place = place[step]
    place[name + "s"] = place.pop(name)
    with pytest.raises(jsonschema.ValidationError):
        check(wrong)


def test_amazon_knows_every_field_of_the_machines():
    from botocore.session import get_session
    from botocore.validate import ParamValidator

    model = get_session().get_service_model("ec2").operation_model("RunInstances").input_shape
    for kind in CONFIG["available_node_types"].values():
        asked = {**kind["node_config"], "MinCount": 1, "MaxCount": 1}
        assert not ParamValidator().validate(asked, model).has_errors()
        assert ParamValidator().validate({**asked, "InstanceTypes": "m6i.large"}, model).has_errors()
    assert set(CONFIG["provider"]) == {"type", "region", "cache_stopped_nodes"}  # Ray takes any field here


def test_jobs_know_the_largest_size_and_every_machine_has_the_token():
    cpu = CONFIG["available_node_types"]["cpu"]
    assert f"--env ASD_CLUSTER_CPUS={cpu['max_workers'] * cpu['resources']['CPU']}" in CONFIG["docker"]["run_options"]
    assert "--env RAY_AUTH_TOKEN_PATH=/home/asd/.ray/auth_token" in CONFIG["docker"]["run_options"]
    assert list(CONFIG["file_mounts"]) == ["/home/asd/.ray/auth_token"]
    assert CONFIG["available_node_types"]["head"]["resources"] == {"CPU": 0}


def test_commands_have_options_that_ray_start_has():
    from ray.scripts.scripts import start

    known = {option for parameter in start.params for option in parameter.opts}
    for command in [*CONFIG["head_start_ray_commands"], *CONFIG["worker_start_ray_commands"]]:
        words = command.split()
        assert words[:2] in (["ray", "start"], ["ray", "stop"])
        assert {word.partition("=")[0] for word in words[2:]} <= known
