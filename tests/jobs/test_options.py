import click
import pytest

from jobs.options import choice, engine_options, names_of, output_options, store_option, together
from tests.command import asd


def test_the_names_of_options_are_those_that_a_command_is_called_with():
    assert names_of(together(store_option, output_options)) == {"store_url", "as_json", "quiet"}


def test_options_stand_in_the_help_in_the_order_in_which_they_are_joined():
    @click.command()
    @together(store_option, output_options)
    def command(**options):
        pass

    assert [option.name for option in command.params] == ["store_url", "as_json", "quiet", "log_format"]


@pytest.mark.parametrize("amount", ["nan", "inf", "-1"])
def test_an_amount_is_finite_and_positive(amount):
    @click.command()
    @engine_options
    def command(**options):
        pass

    with pytest.raises(click.BadParameter):
        command.main(["--cpus-per-worker", amount], standalone_mode=False)


def test_output_options_hold_for_commands_without_a_store_too(tmp_path):
    said = asd("simulate", tmp_path, "--nights", "1", "--machines-per-type", "1", "--seconds", "0.5", "--quiet")
    assert said.code == 0 and said.err == "" and said.out


def test_the_first_value_of_a_choice_is_its_default_and_others_are_refused():
    @click.command()
    @choice("--per", values=["type", "machine"], help="Scope.")
    def command(per):
        return per

    assert command.main([], standalone_mode=False) == "type" and "default: type" in command.get_help(
        click.Context(command)
    )
    with pytest.raises(click.BadParameter):
        command.main(["--per", "night"], standalone_mode=False)
