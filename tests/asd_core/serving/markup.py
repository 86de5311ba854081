"""Pages taken apart."""

from html.parser import HTMLParser


class Outline(HTMLParser):
    """Tags with their attributes, links, and words outside of styles and scripts."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.words, self._inside = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag in ("style", "script", "title"):
            self._inside.append(tag)

    def handle_endtag(self, tag):
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data):
        if not self._inside:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    @property
    def links(self):
        return [given["href"] for tag, given in self.tags if tag == "a"]

    def count(self, tag):
        return sum(one == tag for one, _ in self.tags)
