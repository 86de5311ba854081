"""A cluster of Ray on this computer: a head and workers as processes of their own, which asks for a token."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

RAY = str(Path(sys.executable).with_name("ray"))
SECONDS = 180  # that a start may take beside other work
COMMANDS = ("initialization", "setup", "head_setup", "worker_setup", "head_start_ray", "worker_start_ray")
FAKE = "ray.autoscaler._private.fake_multi_node.node_provider.FakeMultiNodeProvider"


def free_ports(count):
    """Ports of the loopback interface that nobody uses now."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


class LocalCluster:
    """A running cluster.

    Attributes:
        address: of the head, for drivers and workers.
        jobs: address of the job server.
        variables: environment of whoever may join or submit: it holds the token.
    """

    def __init__(self, folder, variables=()):
        self.folder = Path(folder)
        gcs, dashboard, agent, client = free_ports(4)
        self.address, self.jobs = f"127.0.0.1:{gcs}", f"http://127.0.0.1:{dashboard}"
        self._ports = {"port": gcs, "dashboard-port": dashboard, "dashboard-agent-listen-port": agent}
        self._ports |= {"ray-client-server-port": client}
        own = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
        self.variables = {
            **own,
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
            "RAY_USAGE_STATS_ENABLED": "0",
            "PATH": f"{Path(RAY).parent}{os.pathsep}{own.get('PATH', '')}",
            **dict(variables),
        }
        self._started = ExitStack()

    def start_head(self, *options, cpus=0, **variables):
        """Start the head, which only schedules unless it is given CPUs."""
        ports = [f"--{name}={value}" for name, value in self._ports.items()]
        self._start("head", "--head", *ports, f"--num-cpus={cpus}", f"--temp-dir={self.folder}", *options, **variables)
        self.wait(lambda: socket.create_connection(self.jobs.removeprefix("http://").split(":"), timeout=1).close())

    def start_worker(self, name, cpus=1):
        """Start a worker with so many CPUs."""
        (agent,) = free_ports(1)
        self._start(name, f"--address={self.address}", f"--num-cpus={cpus}", f"--dashboard-agent-listen-port={agent}")

    def _start(self, name, *options, **variables):
        command = [RAY, "start", "--block", "--node-ip-address=127.0.0.1", "--object-store-memory=200000000", *options]
        log = self._started.enter_context((self.folder / f"{name}.log").open("wb"))
        process = subprocess.Popen(
            command,
            env={**self.variables, **variables},
            stdout=log,
            stderr=log,
            cwd=self.folder,
            start_new_session=True,
        )
        self._started.callback(end, process)

    def wait(self, ready, seconds=SECONDS):
        """Wait until something no longer raises an OSError or a failed process."""
        until = time.monotonic() + seconds
        while True:
            try:
                return ready()
            except (OSError, subprocess.CalledProcessError):
                if time.monotonic() > until:
                    raise
                time.sleep(0.5)

    def stop(self):
        """End every process that was started, by its id."""
        self._started.close()

    def ray(self, *arguments, variables=None, **options):
        """Run `ray` with the token; gives the finished process."""
        return subprocess.run(
            [RAY, *map(str, arguments)],
            env=self.variables if variables is None else variables,
            capture_output=True,
            text=True,
            check=False,
            **options,
        )

    def submit(self, *command, seconds=600):
        """Hand a command to the job server and wait for it; gives exit code and everything that it printed."""
        until = time.monotonic() + SECONDS
        while True:
            done = self.ray("job", "submit", "--address", self.jobs, "--", *command, timeout=seconds, cwd=self.folder)
            said = done.stdout + done.stderr
            if "No available agent" not in said or time.monotonic() > until:  # it comes some time after the head
                return done.returncode, said
            time.sleep(1)


def end(process):
    """End a `ray start --block` with all that it started."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # what is left of its own session
    process.wait()


@contextmanager
def local_cluster(**variables):
    """A cluster without any node yet; everything that is started in it ends with the block."""
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        cluster = LocalCluster(folder, variables)
        try:
            yield cluster
        finally:
            cluster.stop()


def growing(cluster, groups):
    """Start a head whose autoscaler brings workers of these groups as they are needed.

    Args:
        cluster: without a head.
        groups: name → (resources, most workers).
    """
    kinds = {
        name: {"resources": resources, "node_config": {}, "min_workers": 0, "max_workers": most}
        for name, (resources, most) in groups.items()
    }
    head = {"resources": {"CPU": 0}, "node_config": {}, "max_workers": 0}
    config = {
        "cluster_name": "growing",
        "max_workers": sum(most for _, most in groups.values()),
        "idle_timeout_minutes": 1,
        "upscaling_speed": 10,
        "provider": {"type": "external", "module": FAKE, "gcs_address": cluster.address, "launch_multiple": True},
        "auth": {"ssh_user": "nobody"},
        "available_node_types": {"ray.head.default": head, **kinds},
        "head_node_type": "ray.head.default",
        "file_mounts": {},
        "cluster_synced_files": [],
        **{f"{name}_commands": [] for name in COMMANDS},
    }
    node_id = "fffffffffffffffffffffffffffffffffffffffffffffffffff00000"
    config["provider"]["head_node_id"] = node_id
    path = cluster.folder / "autoscaling.json"
    path.write_text(json.dumps(config))
    known = {"RAY_FAKE_CLUSTER": "1", "RAY_OVERRIDE_NODE_ID_FOR_TESTING": node_id, "RAY_CLOUD_INSTANCE_ID": node_id}
    known["RAY_enable_autoscaler_v2"] = "1"  # as KubeRay does
    cluster.start_head(f"--autoscaling-config={path}", RAY_NODE_TYPE_NAME="ray.head.default", **known)
