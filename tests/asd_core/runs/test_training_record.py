import numpy as np

from asd_core.recipe.training_settings import TrainingConfig
from asd_core.runs.training_record import counts_line, epoch_line, lost_note, plan_line
from asd_core.training.checkpoints import Progressed
from asd_core.training.labels import Classes
from asd_core.training.plan import TrainingPlan

ROW = {"step": 4, "epoch": 2, "loss": 0.5, "learning_rate": 0.1, "validation_loss": 1.0, "validation_accuracy": 0.75}


def test_an_outcome_is_one_line():
    record = {
        "name": "own",
        "network": {"parameters": 1234},
        "counts": {"trained": 8, "classes": 2, "steps": 4},
        "last": ROW,
    }
    done = "trained own (1,234 weights) on 8 clips of 2 classes in 4 steps"
    assert counts_line(record) == f"{done}: loss 0.5, 75.0% of held-out clips in their class"
    assert epoch_line(ROW | {"validation_accuracy": None}, 3) == "epoch 2 of 3: loss 0.5"


def test_a_plan_is_one_line():
    indices = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    plan = TrainingPlan(TrainingConfig(epochs=2, keep=(), batch_size=3, validation_share=0.25), indices)
    line = plan_line(plan, Classes(("a", "b"), indices, (4, 4)))
    assert line == "2 classes in 8 clips, 2 held out: 2 epochs of 2 batches of 3, 4 steps"


def test_nothing_lost_is_no_note():
    assert lost_note(Progressed()) == []
