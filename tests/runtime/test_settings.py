"""Settings come from where they should, and a wrong one names itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from domain.problems import BadInput
from domain.work import EVERY_KIND, Work
from runtime.ports import Ports
from runtime.running import Process, RunningStack, write_note
from runtime.settings import LogFormat, MailTls, content_folders, load_settings, read_smtp_url
from store.content_folders import SHIPPED

KEY = "abcdefghhgfedcba" * 2


def problems(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    with pytest.raises(BadInput) as refused:
        load_settings({"VAR_DIR": str(tmp_path), **environment})
    return {problem.field or "": str(problem) for problem in refused.value.problems}


def note(folder: Path, pid: int, **settings: str) -> None:
    write_note(
        folder,
        RunningStack(supervisor=Process.of(pid), parts={}, ports=Ports(), settings=settings),
    )


def test_the_defaults_are_a_working_set(tmp_path: Path) -> None:
    settings = load_settings({"VAR_DIR": str(tmp_path)})
    assert settings.database == f"sqlite:///{tmp_path}/store.db"
    assert settings.portal_url == "http://localhost:8080"
    assert settings.mail_server.port == 1025


def test_an_empty_variable_counts_as_unset(tmp_path: Path) -> None:
    assert load_settings({"VAR_DIR": str(tmp_path), "PORTAL_PORT": ""}).portal_port == 8080


def test_every_wrong_setting_is_named_at_once(tmp_path: Path) -> None:
    found = problems(
        {
            "PORTAL_PORT": "eighty",
            "PORTAL_URL": "mentoring.example.com",
            "LOG_FORMAT": "jsn",
            "DATABASE_URL": "mysql://u:topsecret@h/d",
            "SMTP_URL": "smtp://u:topsecret@mail.example.com?tls=none",
            "MAIL_FROM": "nobody",
            "LINK_KEYS": "topsecret",
            "NOTIFY_NAMES": "maybe",
            "CONTENT_FOLDER": str(tmp_path / "gone"),
            "WATCH_PORT": "70000",
            "TRACES_URL": "collector:4318",
            "WORK": "workflows, mial",
            "MAIL_RATE": "0",
            "HR_USER": "Anna Kowalska",
            "MACHINE_NAME": "Anna’s computer",
            "PORTAL_PROXIES": "-1",
            "PORTAL_SENDS": "0",
            "PORTAL_WRONG_LINKS": "some",
            "WORKFLOW_CACHE": "0",
        },
        tmp_path,
    )
    assert set(found) == {
        "HR_USER",
        "MACHINE_NAME",
        "PORTAL_PORT",
        "PORTAL_URL",
        "LOG_FORMAT",
        "DATABASE_URL",
        "SMTP_URL",
        "MAIL_FROM",
        "LINK_KEYS",
        "NOTIFY_NAMES",
        "CONTENT_FOLDER",
        "WATCH_PORT",
        "TRACES_URL",
        "WORK",
        "MAIL_RATE",
        "PORTAL_PROXIES",
        "PORTAL_SENDS",
        "PORTAL_WRONG_LINKS",
        "WORKFLOW_CACHE",
    }
    assert found["PORTAL_PORT"] == "environment, PORTAL_PORT: “eighty” is not a number."
    assert "Did you mean “json”?" in found["LOG_FORMAT"]
    assert "there is no such folder" in found["CONTENT_FOLDER"]
    assert "topsecret" not in "".join(found.values())


def test_work_is_named_in_any_case_and_counts_once(tmp_path: Path) -> None:
    settings = load_settings({"VAR_DIR": str(tmp_path), "WORK": "Mail, matching mail"})
    assert settings.work == (Work.MAIL, Work.MATCHING)
    assert load_settings({"VAR_DIR": str(tmp_path)}).work == EVERY_KIND


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("WORK", "workflows mial", "“mial” is not one of its values. Did you mean “mail”?"),
        ("WORK", ",", "WORK: it names nothing to do. Say workflows, mail, matching, or some"),
        ("MAIL_RATE", "ten", "“ten” is not a number."),
        ("MAIL_RATE", "0", "“0”: this is not a rate. Mails a second go from 0.017 to 1000."),
        ("MAIL_RATE", "1001", "“1001”: this is not a rate."),
        ("MAIL_RATE", "nan", "“nan”: this is not a rate."),
    ],
)
def test_what_a_worker_is_to_do_is_checked(
    name: str, value: str, says: str, tmp_path: Path
) -> None:
    assert says in problems({name: value}, tmp_path)[name]


def test_a_folder_of_their_own_is_laid_over_the_content_that_ships(tmp_path: Path) -> None:
    assert content_folders({"VAR_DIR": str(tmp_path)}) == (SHIPPED,)
    own = {"VAR_DIR": str(tmp_path), "CONTENT_FOLDER": str(tmp_path)}
    assert load_settings(own).content == content_folders(own) == (tmp_path, SHIPPED)


def test_who_needs_only_the_content_is_not_held_up_by_other_settings(tmp_path: Path) -> None:
    assert content_folders({"VAR_DIR": str(tmp_path), "PORTAL_PORT": "eighty"}) == (SHIPPED,)


@pytest.mark.parametrize("port", ["0", "65536", "-1"])
def test_a_port_out_of_range_is_refused(port: str, tmp_path: Path) -> None:
    assert "1 to 65535" in problems({"PORTAL_PORT": port}, tmp_path)["PORTAL_PORT"]


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"{KEY}\n{KEY[::-1]}new\n")
    settings = load_settings({"VAR_DIR": str(tmp_path), "LINK_KEYS_FILE": str(file)})
    assert settings.signing_keys() == (KEY, f"{KEY}new")


def test_a_secret_file_that_is_missing_names_itself(tmp_path: Path) -> None:
    found = problems({"DATABASE_URL_FILE": str(tmp_path / "gone")}, tmp_path)
    assert "can't be read: No such file" in found["DATABASE_URL_FILE"]


def test_a_setting_given_twice_is_refused(tmp_path: Path) -> None:
    found = problems({"LINK_KEYS": KEY, "LINK_KEYS_FILE": "x"}, tmp_path)
    assert "not clear which counts" in found["LINK_KEYS_FILE"]


def test_a_start_without_a_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        load_settings({"VAR_DIR": str(tmp_path)}).signing_keys()
    assert refused.value.problems[0].field == "LINK_KEYS"


def test_a_secret_does_not_show_when_settings_are_printed(tmp_path: Path) -> None:
    settings = load_settings({"VAR_DIR": str(tmp_path), "LINK_KEYS": KEY})
    assert KEY not in repr(settings)


def test_the_running_stack_is_found_and_the_environment_wins_over_it(tmp_path: Path) -> None:
    note(tmp_path, os.getpid(), PORTAL_URL="http://localhost:8081", TASK_QUEUE="theirs")
    settings = load_settings({"VAR_DIR": str(tmp_path), "TASK_QUEUE": "mine"})
    assert (settings.portal_url, settings.task_queue) == ("http://localhost:8081", "mine")


def test_the_note_of_a_stack_that_is_gone_does_not_count(tmp_path: Path) -> None:
    stack = RunningStack(
        supervisor=Process(pid=os.getpid(), started="another process had this number"),
        parts={},
        ports=Ports(),
        settings={"PORTAL_URL": "http://localhost:8081"},
    )
    write_note(tmp_path, stack)
    assert load_settings({"VAR_DIR": str(tmp_path)}).portal_url == "http://localhost:8080"


def test_log_format_is_read_in_any_case(tmp_path: Path) -> None:
    settings = load_settings({"VAR_DIR": str(tmp_path), "LOG_FORMAT": "JSON"})
    assert settings.log_format is LogFormat.JSON


@pytest.mark.parametrize(
    ("url", "port", "tls"),
    [
        ("smtp://mail.example.com", 587, MailTls.STARTTLS),
        ("smtp://localhost:1025", 1025, MailTls.NONE),
        ("smtp://mailpit:1025?tls=none", 1025, MailTls.NONE),
        ("smtps://mail.example.com", 465, MailTls.IMPLICIT),
        ("smtp://localhost:2525?tls=starttls", 2525, MailTls.STARTTLS),
    ],
)
def test_smtp_urls(url: str, port: int, tls: MailTls) -> None:
    server = read_smtp_url(url)
    assert (server.port, server.tls, server.user) == (port, tls, None)


def test_a_password_in_an_smtp_url_may_hold_special_characters() -> None:
    server = read_smtp_url("smtp://me%40example.com:p%2Fw%3A@mail.example.com")
    assert server.password is not None
    assert (server.user, server.password.get_secret_value()) == ("me@example.com", "p/w:")


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.com:25",
        "http://mail.example.com",
        "smtp://",
        "smtp://h:notaport",
        "smtp://h?tls=maybe",
        "smtp://h?ssl=1",
        "smtp://user@h",
        "smtps://h?tls=none",
    ],
)
def test_an_smtp_url_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_smtp_url(url)


def test_places_to_tell_are_separated_by_spaces_or_commas(tmp_path: Path) -> None:
    addresses = ("json://u:p@chat.example.com/a?:x=1,2", "json://b.example.com", "xml://c.example")
    for separator in (" ", ",", ", ", "\n"):
        urls = separator.join(addresses)
        settings = load_settings({"VAR_DIR": str(tmp_path), "NOTIFY_URLS": urls})
        assert settings.notify_addresses() == addresses
    assert load_settings({"VAR_DIR": str(tmp_path)}).notify_addresses() == ()


def test_a_place_that_can_t_be_used_is_named_without_its_secret(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    urls = "json://chat.example.com slack://topsecret nonsense-topsecret"
    settings = load_settings({"VAR_DIR": str(tmp_path), "NOTIFY_URLS": urls})
    assert "topsecret" not in repr(settings)
    with pytest.raises(BadInput) as refused:
        settings.notify_addresses()
    told = [str(problem) for problem in refused.value.problems]
    assert "NOTIFY_URLS: address 2, slack://…, is not one that apprise can use." in told[0]
    assert "NOTIFY_URLS: address 3 is not" in told[1]
    assert "topsecret" not in "".join(told) + "".join(capfd.readouterr())


def test_places_to_tell_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "urls"
    file.write_text("json://chat.example.com\n")
    settings = load_settings({"VAR_DIR": str(tmp_path), "NOTIFY_URLS_FILE": str(file)})
    assert settings.notify_addresses() == ("json://chat.example.com",)
