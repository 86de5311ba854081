"""The public functions of `asd_core`: the same runs as the commands, called from Python.

A store is given as a `Store` or as its folder or address, a recipe as a `Recipe` or as its name or path. Work is done
in this process unless an engine is given; ``cluster.engine.RayEngine()`` within ``cluster.session.session()`` is
Ray's. Tables are Arrow tables; ``.to_pandas()`` makes a data frame of one. The examples run in a folder with
``recordings``, six nights of a small simulated fleet.
"""
