"""How good scores and captions are: AUC to official score, submissions, mean opinion scores."""
