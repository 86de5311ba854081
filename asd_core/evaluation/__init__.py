"""The quality of scores and captions: AUC to official score, submissions, mean opinion scores."""
