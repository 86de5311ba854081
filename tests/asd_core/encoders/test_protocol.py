from asd_core.encoders.clap.encoder import ClapEncoder
from asd_core.encoders.protocol import native_rates, resampling
from asd_core.encoders.twfr import TwfrEncoder


def test_an_encoder_that_resamples_for_itself_is_known_by_the_rates_it_takes():
    clap = ClapEncoder("random")
    assert resampling(clap) is clap and native_rates(clap) == ClapEncoder.native_rates > {16_000}


def test_of_any_other_encoder_no_recording_is_left_as_it_is():
    assert resampling(TwfrEncoder()) is None and native_rates(TwfrEncoder()) == frozenset()
