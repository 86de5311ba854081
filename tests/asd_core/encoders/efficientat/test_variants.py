import pytest

from asd_core.encoders.efficientat.variants import VARIANTS, channels, feature_dim, variant
from asd_core.errors import UsageError


def test_the_features_of_the_named_networks_have_their_published_lengths():
    assert [feature_dim(VARIANTS[name].width) for name in ("mn04_as", "mn10_as")] == [384, 960]


@pytest.mark.parametrize("width", [0.1, 0.2, 0.4, 0.5, 1.0, 2.0])
def test_channels_come_in_eights_and_never_more_than_a_tenth_too_few(width):
    for size in (16, 24, 40, 72, 184, 960):
        made = channels(size, width)
        assert made % 8 == 0 and made >= max(8, 0.9 * size * width) and made <= max(8, size * width + 8)


def test_a_file_is_named_after_its_network():
    assert all(one.file.startswith(f"{name}_mAP_") for name, one in VARIANTS.items())


def test_an_unknown_name_is_refused_with_the_nearest_one():
    with pytest.raises(UsageError, match="encoder.name = 'mn4_as' is no network.*(did you mean|known: .*mn04_as)"):
        variant("mn4_as")
