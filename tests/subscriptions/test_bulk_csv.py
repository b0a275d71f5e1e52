import pytest

from subscriptions import bulk
from subscriptions.bulk import What, Wish
from subscriptions.bulk.csv import wishes_of
from tests.refusals import refused

ID = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_way_in_which_a_spreadsheet_writes_csv_is_read(mark, delimiter, end):
    text = end.join([f"Subscription ID{delimiter}Licenses", f'"{ID}"{delimiter}12', "", f"{ID}{delimiter}１３", ""])

    assert wishes_of(mark + text.encode(), What.LICENCES) == [Wish(2, ID, "12"), Wish(4, ID, "13")]


@pytest.mark.parametrize(
    ("what", "header"),
    [
        (What.CREDIT, "MPN ID"),
        (What.CREDIT, "Reseller (MPN ID)"),
        (What.SUPPORT, "Designated support contact"),
        (What.SUPPORT, "MPN ID"),
        (What.SUPPORT, "microsoft id"),
        (What.AUTO_RENEW, "AUTO-RENEW"),
        (What.AUTO_RENEW, "自動更新"),
        (What.LICENCES, "Licenses"),
    ],
)
def test_columns_are_found_by_their_names_wherever_they_stand(what, header):
    text = f"Name,{header},Subscription ID\nPlan,x,{ID}\nPlan,y\nPlan"

    assert wishes_of(text.encode(), what) == [Wish(2, ID, "x"), Wish(3, "", "y"), Wish(4, "", "")]


def test_the_better_name_counts_when_there_are_two():
    text = f"Subscription ID,Microsoft ID,Designated support contact\n{ID},a,b"

    assert wishes_of(text.encode(), What.SUPPORT) == [Wish(2, ID, "b")]


def test_a_line_break_in_a_cell_is_no_new_line():
    text = f'Subscription ID,Note,Licenses\n{ID},"two\nlines",3\n{ID},,4'

    assert wishes_of(text.encode(), What.LICENCES) == [Wish(3, ID, "3"), Wish(4, ID, "4")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"\n\n", "file_empty"),
        (b"Subscription ID,Licenses\n,\n", "file_empty"),
        (b"PK\x03\x04\x00\x00", "file_encoding"),
        (b"\xff\xfeS\x00u\x00", "file_encoding"),
        ("Subscription ID,Licenses\n氏名".encode("shift_jis"), "file_encoding"),
        (b"Subscription ID,Auto-renew\nx,on", "file_columns"),
        (b"ID,Licenses\nx,1", "file_columns"),
        (b"x,1\ny,2", "file_columns"),
        (b'Subscription ID,Licenses\nx,"' + b"1" * 140_000, "file_broken"),
    ],
)
def test_what_is_no_list_of_subscriptions_is_refused_whole(content, code):
    assert refused(wishes_of, content, What.LICENCES) == code


def test_more_lines_than_may_be_are_refused():
    lines = "Subscription ID,Licenses\n" + f"{ID},3\n" * bulk.MOST_ROWS

    assert len(wishes_of(lines.encode(), What.LICENCES)) == 10_000
    assert refused(wishes_of, f"{lines}{ID},3\n".encode(), What.LICENCES) == "bulk_too_many"
