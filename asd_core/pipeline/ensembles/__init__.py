"""Ensembles: the scores of several recipes combined, machine by machine."""
