from asd_core.pages.training.page import TrainingReport, write_training_page
from asd_core.store.local_files import LocalFiles
from tests.asd_core.pages.outline import EVIL, Outline

ROW = {"step": 1, "epoch": 1, "loss": 2.0, "learning_rate": 0.1, "validation_loss": 1.5, "validation_accuracy": 0.5}
REPORT = TrainingReport(
    "plant",
    [("digest", "ab")],
    ["trained from random weights"],
    {"encoder": [("kind", "multires")], "training": [("epochs", "16")]},
    [(EVIL[0], 3), ("fan", 1)],
    [("file:///a%20b.wav", "empty: no bytes")],
    [ROW, ROW | {"step": 2, "loss": 1.0}],
)


def page_of(folder):
    path = write_training_page(REPORT, LocalFiles(folder), "reports/training/plant/ab")
    return LocalFiles(folder).read(path).decode()


def test_the_page_shows_curves_classes_settings_and_what_must_be_known(tmp_path):
    html = page_of(tmp_path)
    outline = Outline(html)
    assert len(outline.named("svg")) == 3
    for word in ("plant", "trained from random weights", "2 classes", "multires", "16", "a b.wav", "empty: no bytes"):
        assert word in outline.text
    assert "script" not in {tag for tag, _ in outline.elements} and EVIL[0] not in html


def test_the_same_report_gives_the_same_bytes(tmp_path):
    assert page_of(tmp_path / "a") == page_of(tmp_path / "b")
