"""Time and memory of generating clips on one core: python -m tests.benchmarks.generation small medium

The weights are random and of the real shape, which takes as long as the published ones. One clip of 10.24 s is made
with one step of the sampler and with three: the difference is that of two steps.
"""

import resource
import sys
import time
from dataclasses import replace

from asd_core.pipeline.threads import one_thread
from asd_core.recipe.generator_settings import GeneratorConfig
from asd_core.synthesis.audioldm.components import load_components
from asd_core.synthesis.generation.sampling import generate


def seconds_of(components, config):
    """CPU time of one clip."""
    start = time.process_time()
    with one_thread():
        generate(components, ["This is the normal sound of a fan."], [0], config)
    return time.process_time() - start


def measured(size, seconds=10.24):
    """CPU seconds of a step and of all else, and the process's largest memory in GiB."""
    config = GeneratorConfig(size=size, weights="random", seconds=seconds)
    components = load_components(config)
    seconds_of(components, replace(config, ddim_steps=1, seconds=0.64))  # what the first call alone takes
    one, three = (seconds_of(components, replace(config, ddim_steps=steps)) for steps in (1, 3))
    step = (three - one) / 2
    return step, one - step, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    for size in sys.argv[1:]:
        step, rest, memory = measured(size)
        print(f"{size}: {step:.2f} s a step, {rest:.1f} s for the rest of a clip, {memory:.1f} GiB", flush=True)
