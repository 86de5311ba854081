"""HTML pages for people: the night's report and the search's."""
