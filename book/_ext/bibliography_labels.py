"""Label the entries of the bibliography as the text cites them: authors and year."""

from pybtex.plugin import register_plugin
from pybtex.richtext import Text
from pybtex.style.formatting.unsrt import Style as Unsorted
from pybtex.style.labels import BaseLabelStyle
from pybtex.style.sorting.author_year_title import SortingStyle


class AuthorYear(BaseLabelStyle):
    """``Kingma and Welling, 2014``; ``a``, ``b`` … tell works of one year apart."""

    def format_labels(self, sorted_entries):
        """Yield the label of each entry."""
        labels = [_label(entry) for entry in sorted_entries]
        for place, label in enumerate(labels):
            same = [other for other, text in enumerate(labels) if text == label]
            yield label + (chr(ord("a") + same.index(place)) if len(same) > 1 else "")


def _label(entry) -> str:
    persons = entry.persons.get("author") or entry.persons.get("editor") or []
    names = [
        str(Text.from_latex(" ".join(person.prelast_names + person.last_names)))
        for person in persons
    ]
    author = f"{names[0]} et al." if len(names) > 2 else " and ".join(names) or entry.key
    return f"{author}, {entry.fields.get('year', 'no year')}"


class Style(Unsorted):
    """The style ``unsrt`` of pybtex with these labels, by author."""

    default_label_style = AuthorYear
    default_sorting_style = SortingStyle


def setup(app):
    """Make the style known to sphinxcontrib-bibtex as ``author_year_labels``."""
    register_plugin("pybtex.style.formatting", "author_year_labels", Style)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
