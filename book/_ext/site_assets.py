"""Fix what the theme adds to a page: duplicate scripts, a remote one, roles that ARIA dropped."""

OLD_CITATION_ROLES = {
    '<div role="list" class="citation-list">': '<div class="citation-list">',
    ' role="doc-biblioentry"': "",
    ' role="doc-backlink"': "",
}
# Scripts that fetch code from another host: live cells, and questions with a typed formula.
FETCHES = ("thebe", "mathlive", "mathfield", "math_utils", "teachbooks_sab", "teachbooks_sag")


def _fix(app, pagename, templatename, context, doctree):
    seen, kept = set(), []
    for script in context.get("script_files", []):
        name = str(getattr(script, "filename", script) or "")
        attributes = tuple(sorted(getattr(script, "attributes", {}).items()))
        remote = any(word in f"{name}{attributes}".lower() for word in FETCHES)
        if remote or (name, attributes) in seen:
            continue
        seen.add((name, attributes))
        kept.append(script)
    context["script_files"] = kept
    for old, new in OLD_CITATION_ROLES.items():
        context["body"] = context.get("body", "").replace(old, new)


def setup(app):
    """Connect to Sphinx, after the theme."""
    app.connect("html-page-context", _fix, priority=990)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
