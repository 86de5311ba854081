"""The commands of `asd`: a thin click layer, one file per command."""
