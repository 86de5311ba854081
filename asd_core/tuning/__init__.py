"""Searches for the settings of a recipe that tell anomalous from normal clips best.

    request            the search that a user asks for, and the id that names it
    space/             the fields of a recipe, their values, and the settings that a search proposes
    validations        the clips that settings are fitted to and judged on
    gather/            one pass over the audio: the embeddings of every setting, as arrays on disk
    search             the state of a search: batches go out, figures come in
    batches            one worker's task: evaluate some settings of a machine and commit their rows
    evaluate_settings  many settings of one machine, with the work they share done once
    memory_banks       many memory banks from one search for neighbours
    stored_results     the rows that a search leaves in the store
    compare_best       the best settings against each other, over clips drawn anew
    outcome            a finished search, scope by scope
    best_settings      the recipe of the best settings, and the words about them

The audio is decoded once, whatever the number of settings. `asd_core.runs.tune` runs a search from end to end.
"""
