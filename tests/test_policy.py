"""Every page gets the one policy; what it does in a browser is tested in test_browser."""

import pytest

from rso_report.errors import ReportError
from rso_report.publication.policy import HEAD, is_secured, require_secured, secured

PAGE = (
    '<!DOCTYPE html>\n<html><head><meta charset="utf-8">\n<title>A</title>{head}</head>'
    "<body><p>Text.</p>{body}</body></html>\n"
)


def page(head="", body=""):
    return PAGE.format(head=head, body=body)


def test_the_policy_comes_before_all_else_and_lets_nothing_run_that_is_not_named():
    html = secured(page("<script>alert(1)</script>"))
    assert html.startswith(f'<!DOCTYPE html>\n<html><head><meta charset="utf-8">\n{HEAD}<title>')
    assert "default-src 'none'" in HEAD and "unsafe" not in HEAD and "http:" not in HEAD


def test_what_the_theme_sets_and_nobody_reads_is_taken_out():
    unused = "<script>DOCUMENTATION_OPTIONS.pagename = 'a';</script>"
    translations = '<script src="../_static/translations.js?v=1"></script>'
    html = secured(page(unused + translations, '<button onclick="window.print()">P</button>'))
    assert "pagename" not in html and "translations" not in html and "<button data-print>" in html


def test_what_searches_is_loaded_where_it_is_done_and_not_on_every_page():
    names = ("_static/searchtools.js", "_static/language_data.js", "searchindex.js")
    scripts = "".join(f'<script src="{{up}}{name}"></script>' for name in names)
    assert "searchtools" in (search := secured(page(scripts.format(up=""))))
    assert search.count("<script") == 3
    assert "<script" not in secured(page(scripts.format(up="../")))


def test_the_text_of_a_page_waits_for_no_script():
    scripts = '<script data-x="1" src="a.js"></script><script defer="defer" src="b.js"></script>'
    html = secured(page(scripts + "<script>inline</script>"))
    assert '<script defer data-x="1" src="a.js">' in html
    assert '<script defer="defer" src="b.js">' in html
    assert "<script>inline</script>" in html


def test_a_page_that_cannot_have_a_policy_is_refused():
    with pytest.raises(ReportError, match="begins with a <meta charset>"):
        secured("<html><head></head></html>")


def test_a_site_with_a_page_without_the_policy_is_refused_by_its_name(tmp_path):
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "part.html").write_text("a template of the theme")
    (tmp_path / "a.html").write_text(secured(page()))
    require_secured(tmp_path)
    for wrong in (page(), page(body=HEAD), secured(page()).replace("'none'", "'self'", 1)):
        assert not is_secured(wrong)
        (tmp_path / "b.html").write_text(wrong)
        with pytest.raises(ReportError, match=r"changed since.*\nb\.html$"):
            require_secured(tmp_path)
