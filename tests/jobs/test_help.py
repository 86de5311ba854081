import click
import pytest
from click.testing import CliRunner

from jobs.main import _COMMANDS, asd


@pytest.mark.parametrize("name", list(_COMMANDS))
def test_every_command_has_help_with_an_example_of_itself(name):
    result = CliRunner().invoke(asd, [name, "--help"])
    assert result.exit_code == 0, result.output
    assert "Example:" in result.output and f"asd {name} " in result.output


@pytest.mark.parametrize("name", list(_COMMANDS))
def test_every_option_says_what_it_does(name):
    command = asd.get_command(click.Context(asd), name)
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    assert not [option.name for option in options if not option.help]


def test_the_group_lists_every_command_without_importing_them():
    result = CliRunner().invoke(asd, ["--help"])
    assert result.exit_code == 0
    for name in _COMMANDS:
        assert name in result.output


def test_a_command_that_is_made_alone_has_both_names_of_its_help():
    command = asd.get_command(click.Context(asd), "recipes")
    assert command.make_context("recipes", []).help_option_names == ["-h", "--help"]
