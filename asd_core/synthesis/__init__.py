"""Settings chosen without a real anomaly: faults put into real normal recordings, or clips that a generator made.

Zhang et al., FS-TWFR-GMM, eq. 6: a detector is fitted to real normal clips, and the setting kept is the one that best
tells synthetic anomalous from synthetic normal clips. `simulated_validation` or `generated_validation` selects these
clips, and `decode_validation` reads them.
"""
