"""Ray's own metrics that the dashboard names: those that a scrape shows, and those of GPUs."""

SEEN = {
    "ray_node_cpu_utilization": {"ip"},
    "ray_node_mem_used": {"ip"},
    "ray_node_mem_total": {"ip"},
    "ray_tasks": {"State"},
    "ray_object_store_used_memory": set(),
    "ray_object_store_available_memory": set(),
}
"""Name → labels that are used; `tests/cluster/test_metrics.py` looks for them in a scrape."""

OF_GPUS = {
    "ray_node_gpus_utilization": {"ip", "GpuDeviceName", "GpuIndex"},
    "ray_node_gram_used": {"ip", "GpuIndex"},
    "ray_node_gram_available": {"ip", "GpuIndex"},
}
"""The same of computers with GPUs, which a scrape without one does not show."""
