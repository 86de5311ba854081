from asd_core.synthesis.audioldm.classes import model_classes


def test_the_classes_are_those_that_a_published_pipeline_names():
    found = model_classes()
    assert found.unet.__name__ == "UNet2DConditionModel"
    assert found is model_classes()
