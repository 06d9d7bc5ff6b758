"""A real browser at one of two processes, which is killed in the midst of an edit."""

import pytest
from playwright.sync_api import expect

from tests.ui.conftest import PATIENCE, open_page
from tests.ui.test_nothing_is_lost import begin_a_long_edit, edit, everything_is_there, two_results


@pytest.fixture
def page(browser, address):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    open_page(page, address)
    yield page
    context.close()


def home_of(page, address, replicas):
    """The process that serves this browser, and the other one."""
    name = page.request.get(f"{address}/config").json()["app_id"]
    return sorted(replicas, key=lambda replica: replica.name != name)


@pytest.mark.cluster
def test_a_page_whose_process_dies_in_an_edit_comes_back_at_the_other(page, address, replicas, photos, tmp_path):
    second = two_results(page, photos[0], tmp_path)
    home, other = home_of(page, address, replicas)
    begin_a_long_edit(page)
    home.kill()
    expect(page.locator("#notice")).to_contain_text("was interrupted")
    assert page.request.get(f"{address}/config").json()["app_id"] == other.name
    everything_is_there(page, photos[0], second, tmp_path, "make it foggy")
    edit(page, "make it foggy", 3)


@pytest.mark.cluster
def test_an_idle_page_whose_process_dies_edits_on_at_the_other(page, address, replicas, photos, tmp_path):
    two_results(page, photos[0], tmp_path)
    home, other = home_of(page, address, replicas)
    home.kill()
    edit(page, "make it sepia", 3)
    assert page.request.get(f"{address}/config").json()["app_id"] == other.name
