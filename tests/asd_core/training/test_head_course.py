from asd_core.training.head_course import joined_course


def row(step, epoch, loss, validation=None):
    rate = {"learning_rate": 0.25, "validation_accuracy": validation}
    return {"step": step, "epoch": epoch, "loss": loss, "validation_loss": validation, **rate}


def test_steps_are_added_up_and_losses_averaged_epoch_by_epoch():
    first = [row(1, 1, 4.0), row(2, 1, 2.0, 0.5), row(4, 2, 1.0, 1.0)]
    second = [row(3, 1, 6.0), row(6, 2, 3.0)]
    assert joined_course([first, second]) == [row(5, 1, 4.0, 0.5), row(10, 2, 2.0, 1.0)]
