"""The runs from end to end, as a driver starts them: embed, fit, score, a night, captions, a search, an import.

Every run is the same few steps: manifest, plan, shards, machines, counts, and one small record written last. The same
call finishes a run that was stopped; a finished run is not repeated.
"""
