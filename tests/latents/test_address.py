"""Where the repository and the site are, and what is said when nobody knows."""

import pytest

from latents import LatentsError, address

ADDRESS = "https://github.com/someone/book"


@pytest.mark.parametrize(
    ("environment", "configured", "expected"),
    [
        ({}, "", ""),
        ({}, f"{ADDRESS}/", ADDRESS),
        ({"LATENTS_REPOSITORY": f"{ADDRESS}.git"}, "https://github.com/x/y", ADDRESS),
        (
            {
                "GITHUB_ACTIONS": "true",
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_REPOSITORY": "someone/book",
            },
            "https://github.com/x/y",
            ADDRESS,
        ),
        ({"GITHUB_REPOSITORY": "someone/book"}, "", ""),
    ],
)
def test_the_address_is_the_nearest_one_that_is_known(environment, configured, expected):
    assert address.repository(configured, environment) == expected


@pytest.mark.parametrize("given", ["someone/book", "https://x.org", "https://github.com/someone"])
def test_an_address_that_is_not_one_of_a_repository_is_refused(given):
    with pytest.raises(LatentsError, match="not of the form"):
        address.repository("", {"LATENTS_REPOSITORY": given})


@pytest.mark.parametrize(
    "given", ["git@github.com:someone/book.git", "ssh://git@github.com/someone/book"]
)
def test_an_address_as_git_writes_it_is_understood(given):
    assert address.repository("", {"LATENTS_REPOSITORY": given}) == ADDRESS


def test_an_enterprise_server_on_github_actions_is_github():
    environment = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_SERVER_URL": "https://code.acme.org",
        "GITHUB_REPOSITORY": "a/b",
    }
    assert address.provider("https://code.acme.org/a/b", environment) == "github"
    assert address.provider("https://code.acme.org/a/b", {}) == ""


@pytest.mark.parametrize(
    ("repository", "environment", "site"),
    [
        ("", {}, ""),
        (ADDRESS, {}, "https://someone.github.io/book/"),
        ("https://github.com/Someone/someone.github.io", {}, "https://someone.github.io/"),
        ("https://gitlab.com/someone/book", {}, "https://someone.gitlab.io/book/"),
        ("https://codeberg.org/someone/book", {}, ""),
        (ADDRESS, {"LATENTS_SITE": "https://book.org"}, "https://book.org/"),
    ],
)
def test_the_site_is_where_its_host_puts_it_or_where_it_is_said_to_be(
    repository, environment, site
):
    assert address.site(repository, environment) == site


def test_a_site_that_is_no_address_is_refused():
    with pytest.raises(LatentsError, match="LATENTS_SITE is 'book', not an address"):
        address.site("", {"LATENTS_SITE": "book"})
