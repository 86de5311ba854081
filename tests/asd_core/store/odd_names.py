"""Names of recordings that an address must escape."""

NAMES = ["a b.wav", "Lüfter/ä.wav", "50%25 load.wav", "100%.wav", "#1.wav", "a+b&c?d=e.wav", 'it\'s "loud".wav']
