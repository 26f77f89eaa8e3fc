"""Read the page of ``autograder report`` as a browser does: elements, tables, text."""

from html.parser import HTMLParser

VOID = {"meta", "br", "wbr", "line", "rect"}


class Page(HTMLParser):
    """The elements of a page, and the text of every element that a test asks for."""

    def __init__(self, text):
        super().__init__()
        self.text, self.elements, self.open, self.words = text, [], [], []
        self.tables, self.captions = [], []
        self.feed(text)
        self.close()
        assert not self.open, f"{self.open} are not closed"

    def handle_starttag(self, tag, attrs):
        """Begin an element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
            self.captions.append("")
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_startendtag(self, tag, attrs):
        """Take an element without content."""
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        """End an element; each must be the one that is open."""
        assert self.open.pop() == tag

    def handle_data(self, data):
        """Take a text, also into the cell or caption that it stands in."""
        if "style" in self.open:
            return
        self.words += data.split()
        if "caption" in self.open:
            self.captions[-1] += data
        elif "td" in self.open or "th" in self.open:
            cell = f"{self.tables[-1][-1][-1]} {data}"
            self.tables[-1][-1][-1] = " ".join(cell.split())

    @property
    def said(self):
        """The text of the page on one line."""
        return " ".join(self.words)

    def table(self, caption):
        """Return the rows of the table whose caption begins so."""
        (found,) = [
            rows
            for rows, own in zip(self.tables, self.captions, strict=True)
            if own.strip().startswith(caption)
        ]
        return found

    def all(self, tag):
        """Return the attributes of all elements of a name."""
        return [attributes for name, attributes in self.elements if name == tag]
