"""Every field of every table is in the data map, and nothing else is."""

from html import unescape

from django.apps import apps
from django.conf import settings
from django.test import Client

from peersupport.core.datamap.queries import chapters, entries
from peersupport.portal.management.commands.write_data_map import data_map


def _fields() -> set[tuple[str, str]]:
    return {
        (model._meta.label, field.name)
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.local_fields + model._meta.local_many_to_many
    }


def test_every_field_is_in_the_map() -> None:
    assert sorted(_fields() - set(entries())) == []


def test_the_map_names_no_field_that_is_gone() -> None:
    assert sorted(set(entries()) - _fields()) == []


def test_the_written_map_is_current() -> None:
    assert (settings.BASE_DIR / "docs" / "data-map.md").read_text() == data_map()


def test_the_public_page_tells_every_store() -> None:
    page = Client().get("/what-we-keep/")

    assert page.cookies == {}
    for chapter in chapters():
        assert chapter.title in unescape(page.content.decode())
