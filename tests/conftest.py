"""What tests share: where the real recordings are."""

import logging
import os
import secrets
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no failure of a property; elsewhere than in CI each run draws examples of its own.
settings.register_profile("asd", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("asd")

# Threads that wait for the next bit of work leave the CPU to the processes that tests start, rather than spin on it.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Those processes need not compile what others have compiled before.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

os.environ.pop("OPENAI_API_KEY", None)  # no test asks anybody but servers of its own
for variable in ("ASD_STORE", "ASD_RECIPE", "ASD_METRICS_FILE", "ASD_LOG_FORMAT"):  # defaults of whoever runs the tests
    os.environ.pop(variable, None)
IDLE_WORKERS_STAY = {"RAY_num_workers_soft_limit": "6", "RAY_idle_worker_killing_time_threshold_ms": "60000"}
METRICS_COME_SOON = {"RAY_metrics_report_interval_ms": "2000"}
KEY_OF_NODES = "sk-only-in-the-environment-of-nodes"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems():
    _drop_stand_ins()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With ``--dist loadfile``: a file's tests follow one another in one process, and all of tests/cluster in one.

    Those share a Ray and its two GPUs, and each of their files counts on the state that the one before it leaves.
    """
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid):
            return "tests/cluster" if nodeid.startswith("tests/cluster/") else super()._split_scope(nodeid)

    return ByFile(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    if "speechbrain" in sys.modules and hasattr(getattr(item, "obj", None), "hypothesis"):
        _drop_stand_ins()


def _drop_stand_ins():
    """Drop speechbrain's stand-ins for modules, which import themselves and fail when hypothesis looks at them."""
    for name, module in list(sys.modules.items()):
        if type(module).__module__ == "speechbrain.utils.importutils":
            del sys.modules[name]


@pytest.fixture(autouse=True)
def handlers_of_signals_stay():
    """Whatever a test runs leaves Ctrl-C and SIGTERM as it found them, or it decides how the next test ends."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    after = {number: signal.getsignal(number) for number in before}
    for number, handler in before.items():
        if handler is not None:
            signal.signal(number, handler)
    assert after == before


@pytest.fixture(scope="session")
def real_data() -> Path:
    folder = os.environ.get("ASD_REAL_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("ASD_REAL_DATA names no folder of real recordings and features")
    return Path(folder).resolve()


@pytest.fixture(scope="session")
def s3_server():
    """A real S3 API on this machine, found as any is: by the environment."""
    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    given = {"AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_DEFAULT_REGION": "us-east-1"}
    given |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    yield boto3.client("s3")
    server.stop()
    for name, value in before.items():
        if value is None:
            os.environ.pop(name)
        else:
            os.environ[name] = value


@pytest.fixture
def bucket(s3_server):
    """The ``s3://`` address of an empty bucket."""
    name = f"fleet-{secrets.token_hex(6)}"
    s3_server.create_bucket(Bucket=name)
    return f"s3://{name}"


@pytest.fixture(scope="session")
def ray_session(s3_server):
    """One Ray for all tests of this process; commands under test start their own in processes of their own.

    Its processes stay for the next test where they can, rather than end after a second. Its two GPUs are numbers that
    Ray counts, on any machine.

    Its processes find an API key in their environment that nobody is to use; the tests' own has none.
    """
    from asd_core.pipeline.worker_processes import environment
    from cluster.session import session

    os.environ["OPENAI_API_KEY"] = KEY_OF_NODES
    with environment(IDLE_WORKERS_STAY | METRICS_COME_SOON), session(cpus=2, gpus=2):
        del os.environ["OPENAI_API_KEY"]
        yield
