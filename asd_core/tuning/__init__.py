"""Searches for the settings of a recipe that tell anomalous from normal clips best.

    space         which fields of a recipe may take which values
    gathering     one pass over the audio: what every setting needs of it, kept as arrays on disk
    plan          what of it is needed of each machine
    machine_data  the arrays of one machine, found by path and shared by all processes
    evaluating    many settings at once, with the work they share done once
    objectives    what is maximised
    bootstrap     which settings cannot be told from the best

The audio is decoded once, whatever the number of settings.
"""
