"""Reading a page, and names that want to act in it."""

from html.parser import HTMLParser

EVIL = ("<script>alert(1)</script>", 'id"\n%00')


class Outline(HTMLParser):
    """The elements of a page with their attributes, and its visible text."""

    def __init__(self, source):
        super().__init__()
        self.elements, self.words = [], []
        self.feed(source)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, words):
        self.words.append(words)

    def named(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]
