"""Is no password shown, whatever goes wrong?"""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from expressway.errors import ExpresswayError, InvalidSetting
from expressway.settings import Settings, load_settings, redact_url
from tests.settings.given import GSE, Write

PASSWORD = "Tr0ub4dor&3"
SECRET = f"postgresql://loader:{PASSWORD}@db.example.org:5432/expressway"
SHOWN = "postgresql://loader:***@db.example.org:5432/expressway"


def everything_said(error: BaseException) -> str:
    """All text that an error or anything it hangs on shows."""
    parts = [*traceback.format_exception(error), repr(error), str(error)]
    if isinstance(error, ExpresswayError):
        parts.append(json.dumps(error.as_dict()))
    for other in (error.__cause__, error.__context__):
        parts.append(everything_said(other) if other is not None else "")
    return "\n".join(parts)


def test_settings_show_the_warehouse_without_its_password() -> None:
    settings = load_settings(None, {"warehouse": SECRET, "studies": {GSE: {"units": "TPM"}}}, {})

    shown = [
        repr(settings),
        str(settings),
        str(settings.warehouse),
        f"{settings.warehouse}",
        str(settings.model_dump()),
    ]
    shown += [settings.model_dump_json(), json.dumps(settings.describe())]
    assert settings.warehouse_url == SECRET
    assert settings.describe()["warehouse"] == SHOWN
    for text in shown:
        assert PASSWORD not in text
        assert SHOWN in text


@pytest.mark.parametrize(
    "overrides",
    [
        {"warehouse": SECRET, "workers": "x"},
        {"warehouse": [SECRET]},
        {"warehouse": {SECRET: SECRET}},
        {"workers": SECRET},
        {"memory": SECRET},
        {"progress": SECRET},
        {"defaults": SECRET},
        {"defaults": {"units": SECRET}},
        {"defaults": {"max_null_share": SECRET}},
        {"defaults": {SECRET: "x"}},
        {"studies": {SECRET: {}}},
        {"studies": {GSE: SECRET}},
        {"studies": {GSE: {"illness_overrides": {SECRET: None}}}},
        {SECRET: "x"},
        {"warehouse_url": SECRET},
    ],
)
def test_no_error_shows_a_password(overrides: Mapping[str, object], write: Write) -> None:
    with pytest.raises(ExpresswayError) as given_by_caller:
        load_settings(None, overrides, {"EXPRESSWAY_WAREHOUSE": SECRET})
    with pytest.raises(ExpresswayError) as written_in_file:
        load_settings(write(json.dumps(overrides)), None, {})

    assert PASSWORD.lower() not in everything_said(given_by_caller.value).lower()
    assert PASSWORD.lower() not in everything_said(written_in_file.value).lower()


def test_no_error_of_the_model_itself_shows_a_password() -> None:
    for values in ({"warehouse": [SECRET]}, {"workers": SECRET}, {SECRET: 1}, {"memory": SECRET}):
        with pytest.raises(ValidationError) as caught:
            Settings.model_validate(values)
        if SECRET not in values:
            assert PASSWORD not in "".join(traceback.format_exception(caught.value))


def test_an_environment_variable_with_a_password_in_the_wrong_place_is_not_shown() -> None:
    for environ in ({"EXPRESSWAY_WORKERS": SECRET}, {"EXPRESSWAY_DATABASE": SECRET}):
        with pytest.raises(ExpresswayError) as caught:
            load_settings(environ=environ)
        assert PASSWORD.lower() not in everything_said(caught.value).lower()


def test_a_variable_in_the_wrong_place_is_shown_as_it_is_written(write: Write) -> None:
    places = ["workers: ${PGPASS}", "memory: ${PGPASS}", "memory_limit_mb: ${PGPASS}", "progress: ${PGPASS}"]
    places += ["defaults: {units: '${PGPASS}'}", "defaults: ${PGPASS}", "studies: {A: '${PGPASS}'}"]
    for text in places:
        with pytest.raises(InvalidSetting) as caught:
            load_settings(write(text), environ={"PGPASS": PASSWORD})
        assert PASSWORD.lower() not in everything_said(caught.value).lower()
        assert "${PGPASS}" in caught.value.message


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (SECRET, SHOWN),
        ("postgresql://loader@host/db", "postgresql://loader@host/db"),
        ("postgresql://loader@host:5432/db", "postgresql://loader@host:5432/db"),
        ("postgresql://host:5432/db", "postgresql://host:5432/db"),
        ("postgresql://u:a@b@h/db", "postgresql://u:***@h/db"),
        ("postgresql://u:a/b?c#d@h/db", "postgresql://u:***@h/db"),
        ("postgresql://u:://x@h/db", "postgresql://u:***@h/db"),
        ("postgresql://u://x@h/db", "postgresql://u:***@h/db"),
        ("postgresql://me@corp:p@h/db", "postgresql://me@corp:***@h/db"),
        ("postgresql://u%40x:p%40@h/db?sslmode=require", "postgresql://u%40x:***@h/db?sslmode=require"),
        ("postgresql+psycopg://u:p@h/db", "postgresql+psycopg://u:***@h/db"),
        ("postgresql:/u:p@h/db", "postgresql:/u:***@h/db"),
        ("u:p@h/db", "u:***@h/db"),
        ("postgresql://:p@h/db", "postgresql://:***@h/db"),
        (
            "postgresql:///db?user=u&password=p@x&connect_timeout=3",
            "postgresql:///db?user=u&password=***&connect_timeout=3",
        ),
        ("postgresql://u:p@h/db?Password=q&sslpassword=r", "postgresql://u:***@h/db?Password=***&sslpassword=***"),
        ("host=h password = 'it''s' dbname=d", "host=h password = ***'s' dbname=d"),
        ("host=h password='a b\\' c' dbname=d", "host=h password=*** dbname=d"),
        ("Server=h;UID=u;PWD={a;b};", "Server=h;UID=u;PWD=***;"),
        ("duckdb:///expressway.duckdb", "duckdb:///expressway.duckdb"),
        ("duckdb:////data/a@b.duckdb", "duckdb:////data/a@b.duckdb"),
        ("", ""),
    ],
)
def test_urls_are_shown_without_passwords(url: str, shown: str) -> None:
    assert redact_url(url) == shown


secrets = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=12).map(lambda t: f"Zx{t}qJ")


@given(secrets, st.text("abc@./-%+ ", max_size=6), st.sampled_from(["postgresql://", "postgres:/", "", "mssql+x://"]))
def test_no_password_before_the_host_is_shown_whatever_its_letters(secret: str, user: str, scheme: str) -> None:
    shown = redact_url(f"{scheme}{user}:{secret}@host/db")

    assert secret not in shown
    assert "qJ" not in shown
    assert redact_url(shown) == shown


@given(secrets.filter(lambda text: not set(text) & set("&\t\x0b\x0c '\"{") and text.isprintable()))
def test_no_password_in_the_query_is_shown(secret: str) -> None:
    for key in ("password", "PASSWORD", "pwd", "access_token", "client_secret"):
        assert secret not in redact_url(f"postgresql://host/db?user=u&{key}={secret}&x=1")
