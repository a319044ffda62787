"""Times: one spelling for a moment, and RFC 3339 at the door."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from obs.cas.errors import InvalidField
from obs.cas.format.times import check_time, format_time, parse_rfc3339

offsets = st.integers(-23 * 60 - 59, 23 * 60 + 59)
moments = st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31))  # noqa: DTZ001 - bounds only


@given(moments, offsets)
def test_a_moment_has_one_spelling_whatever_its_zone(naive: datetime, minutes: int) -> None:
    moment = naive.replace(tzinfo=UTC)
    text = format_time(moment)
    assert check_time(text) == text
    assert datetime.fromisoformat(text) == moment
    assert format_time(moment.astimezone(timezone(timedelta(minutes=minutes)))) == text


@given(moments, offsets)
def test_parse_takes_any_offset(naive: datetime, minutes: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    sign = "-" if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    written = naive.strftime("%Y-%m-%dT%H:%M:%S.%f").rjust(26, "0") + f"{sign}{hours:02}:{rest:02}"
    assert parse_rfc3339(written) == format_time(moment)


@given(moments)
def test_text_order_is_time_order(naive: datetime) -> None:
    moment = naive.replace(tzinfo=UTC)
    assert format_time(moment) < format_time(moment + timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("given_text", "stored"),
    [
        ("2026-01-31T09:30:00Z", "2026-01-31T09:30:00.000000Z"),
        ("2026-01-31t09:30:00z", "2026-01-31T09:30:00.000000Z"),
        ("2026-01-31 09:30:00Z", "2026-01-31T09:30:00.000000Z"),
        ("2026-01-31T09:30:00.5+02:00", "2026-01-31T07:30:00.500000Z"),
        ("2026-01-31T23:30:00-01:00", "2026-02-01T00:30:00.000000Z"),
        ("2026-01-31T09:30:00.123456999Z", "2026-01-31T09:30:00.123456Z"),
        ("2024-02-29T00:00:00-00:00", "2024-02-29T00:00:00.000000Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
    ],
)
def test_what_is_parsed(given_text: str, stored: str) -> None:
    assert parse_rfc3339(given_text) == stored


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-31",
        "2026-01-31T09:30:00",
        "2026-01-31T09:30Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T23:59:60Z",
        "2026-01-31T09:30:00.Z",
        "2026-01-31T09:30:00.1234567890Z",
        "2026-01-31T09:30:00+24:00",
        "2026-01-31T09:30:00+0200",
        "2026-01-31T09:30:00Z\n",
        " 2026-01-31T09:30:00Z",
        "20260131T093000Z",
        "2026-W05-6T09:30:00Z",
        "٢٠٢٦-01-31T09:30:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "0000-01-01T00:00:00Z",
    ],
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(InvalidField):
        parse_rfc3339(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31T09:30:00Z",
        "2026-01-31T09:30:00.000Z",
        "2026-01-31T09:30:00.000000",
        "2026-01-31T09:30:00.000000+00:00",
        "2026-01-31t09:30:00.000000Z",
        "2026-01-31T09:30:00.000000z",
        "2026-01-31 09:30:00.000000Z",
        "2026-01-31T24:00:00.000000Z",
        "2026-01-31T23:59:60.000000Z",
        "2026-02-30T00:00:00.000000Z",
        "0000-01-01T00:00:00.000000Z",
        "2026-01-31T09:30:00.000000Z\n",
        "٢٠٢٦-01-31T09:30:00.000000Z",
    ],
)
def test_a_moment_is_stored_in_one_spelling_only(text: str) -> None:
    with pytest.raises(InvalidField):
        check_time(text)
