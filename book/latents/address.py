"""Where the repository and the site of the book are: asked here by buttons, pages and notebooks.

Nobody may know: then no button leaves the site, and a notebook installs the package of the book
from the file beside it, or from the site that it was downloaded from.
"""

import os
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from latents import LatentsError

URL = re.compile(r"https?://[^/\s]+(?:/[^/\s]+)*/[^/\s]+/[^/\s]+")
PROVIDERS = ("github", "gitlab", "bitbucket")


def repository(configured: str = "", environment: Mapping[str, str] = os.environ) -> str:
    """Return the address of the repository, or an empty text when nobody knows it.

    Parameters
    ----------
    configured : str
        ``repository: url:`` of ``_config.yml``, the last resort.
    environment : mapping of str to str
        ``LATENTS_REPOSITORY`` comes first, then what GitHub Actions says about itself.

    Raises
    ------
    LatentsError
        The address is not one of a repository.
    """
    url = environment.get("LATENTS_REPOSITORY") or _on_github(environment) or configured
    url = url.strip().rstrip("/").removesuffix(".git")
    url = re.sub(r"\A(?:ssh://)?git@([^:/\s]+)[:/]", r"https://\1/", url)  # as git writes it
    if url and not URL.fullmatch(url):
        raise LatentsError(
            f"The repository address {url!r} is not of the form https://github.com/OWNER/NAME."
        )
    return url


def provider(url: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return ``github``, ``gitlab`` or ``bitbucket``; empty for a host of another kind."""
    if url and url == _on_github(environment):
        return "github"
    host = urlsplit(url).netloc
    return next((name for name in PROVIDERS if name in host), "")


def site(url: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return the address of the published site with a slash at its end, or an empty text.

    Parameters
    ----------
    url : str
        Address of the repository, whose pages are looked for where GitHub and GitLab put them.
    environment : mapping of str to str
        ``LATENTS_SITE`` comes first.

    Raises
    ------
    LatentsError
        ``LATENTS_SITE`` is not a web address.
    """
    if given := environment.get("LATENTS_SITE", "").strip():
        if not re.fullmatch(r"https?://[^/\s]+(/\S*)?", given):
            raise LatentsError(f"LATENTS_SITE is {given!r}, not an address like https://book.org/.")
        return given.rstrip("/") + "/"
    parts = urlsplit(url)
    pages = {"github.com": "github.io", "gitlab.com": "gitlab.io"}.get(parts.netloc)
    if not pages:
        return ""
    owner, _, name = parts.path.strip("/").partition("/")
    host = f"{owner.lower()}.{pages}"
    return f"https://{host}/" + ("" if name.lower() == host else f"{name}/")


def _on_github(environment: Mapping[str, str]) -> str:
    if environment.get("GITHUB_ACTIONS") != "true":
        return ""
    return f"{environment.get('GITHUB_SERVER_URL')}/{environment.get('GITHUB_REPOSITORY')}"
