"""A small archive in the layout of DCASE 2023, a toy car and a grinder, and options for tiny random networks."""

from tests.fleet import write_wav

ATTRIBUTES = {"ToyCar": ("car_B2_spd_31V_mic_1", "car_C1_spd_28V_mic_1"), "grinder": ("grindstone_2_plate_2",)}

SETTINGS = {
    "size": "tiny",
    "weights": "random",
    "steps": 2,
    "batch_size": 2,
    "warmup_steps": 0,
    "seconds": 0.64,
    "clips": 2,
    "ddim_steps": 2,
    "candidates": 1,
    "generate_batch": 2,
}
QUICK = [word for name, value in SETTINGS.items() for word in ("--set", f"generator.{name}={value}")]


def write_labelled_plant(root, train=3, test=2, seconds=1.0):
    """Write it; returns the folder."""
    for kind, labels in ATTRIBUTES.items():
        for number in range(train):
            domain, label = ("target" if number == 0 else "source"), labels[number % len(labels)]
            name = f"section_00_{domain}_train_normal_{number:04d}_{label}.wav"
            write_wav(root / kind / "train" / name, seed=number, seconds=seconds)
        for number in range(test):
            for condition in ("normal", "anomaly"):
                name = f"section_00_source_test_{condition}_{number:04d}_{labels[0]}.wav"
                seed = 100 + number + 50 * (condition == "anomaly")
                write_wav(root / kind / "test" / name, seed=seed, seconds=seconds)
    return root
