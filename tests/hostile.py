"""Errors that say what nobody may read in history or in a log: names, addresses, free text."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import sqlite3
import ssl
from collections.abc import Callable
from pathlib import Path

import pydantic
from jinja2 import Environment, StrictUndefined
from sqlalchemy import create_engine, text
from temporalio.exceptions import ApplicationError, CancelledError

from domain.model import Value
from domain.problems import BadInput, Problem

NAME = "Żaneta Secretova"
ADDRESS = "zaneta.secretova@kanarek.example"
WROTE = "I cried after the meeting with my father"
WORDS = (NAME, "Żaneta", "Secretova", ADDRESS, "kanarek", WROTE)


class _Person(Value):
    age: int


def of_the_database() -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE person (name TEXT UNIQUE)"))
        for _ in range(2):
            connection.execute(text("INSERT INTO person VALUES (:name)"), {"name": NAME})


def of_a_driver() -> None:
    raise sqlite3.OperationalError(f"near “{NAME}”: {WROTE}")


def refused_by_the_mail_server() -> None:
    raise smtplib.SMTPRecipientsRefused({ADDRESS: (550, f"no {ADDRESS} here".encode())})


def answered_by_the_mail_server() -> None:
    raise smtplib.SMTPDataError(554, f"5.7.1 <{ADDRESS}>: {WROTE}".encode())


def not_valid() -> None:
    _Person.model_validate({"age": f"{NAME} {WROTE}"})


def not_to_be_encoded() -> None:
    NAME.encode("ascii")


def not_to_be_decoded() -> None:
    NAME.encode().decode("ascii")


def no_such_key() -> None:
    {}[NAME]  # type: ignore[index]


def not_in_the_template() -> None:
    Environment(undefined=StrictUndefined).from_string("{{ a[x] }}").render(a={}, x=NAME)


def no_such_file() -> None:
    Path(f"/nowhere/{ADDRESS}/{NAME}.txt").read_text()


def a_problem_in_a_file() -> None:
    raise BadInput([Problem(file="people.csv", message=f"“{NAME}” of {ADDRESS}: {WROTE}")])


def an_assertion() -> None:
    raise AssertionError(f"{NAME} wrote: {WROTE}")


def no_such_host() -> None:
    raise socket.gaierror(-2, f"Name or service not known: {ADDRESS}")


def not_the_certificate() -> None:
    raise ssl.SSLError(1, f"certificate of {ADDRESS} for {NAME}")


def caused_by_another() -> None:
    try:
        no_such_key()
    except KeyError as error:
        raise RuntimeError(WROTE) from error


def while_another_was_handled() -> None:
    try:
        not_valid()
    except pydantic.ValidationError:
        raise LookupError(ADDRESS)  # noqa: B904 - the point


def ours_caused_by_another() -> None:
    try:
        no_such_file()
    except OSError as error:
        raise ApplicationError("We wrote this ourselves.", NAME, WROTE, type="Ours") from error


def ours_while_another_was_handled() -> None:
    try:
        an_assertion()
    except AssertionError:
        raise ApplicationError("We wrote this ourselves.", type="Ours")  # noqa: B904 - the point


def with_notes() -> None:
    error = ValueError(NAME)
    error.add_note(f"{ADDRESS}: {WROTE}")
    raise error


def in_a_group() -> None:
    raise ExceptionGroup(NAME, [KeyError(NAME), ExceptionGroup(WROTE, [OSError(ADDRESS)])])


def in_a_group_of_any() -> None:
    raise BaseExceptionGroup(NAME, [asyncio.CancelledError(WROTE), KeyError(ADDRESS)])


def cancelled_by_nobody() -> None:
    raise asyncio.CancelledError(f"{NAME}: {WROTE}")


def cancelled_as_temporal_does() -> None:
    raise CancelledError(f"{NAME}: {WROTE}", ADDRESS)


HOSTILE: tuple[Callable[[], None], ...] = (
    of_the_database,
    of_a_driver,
    refused_by_the_mail_server,
    answered_by_the_mail_server,
    not_valid,
    not_to_be_encoded,
    not_to_be_decoded,
    no_such_key,
    not_in_the_template,
    no_such_file,
    a_problem_in_a_file,
    an_assertion,
    no_such_host,
    not_the_certificate,
    caused_by_another,
    while_another_was_handled,
    ours_caused_by_another,
    ours_while_another_was_handled,
    with_notes,
    in_a_group,
    in_a_group_of_any,
    cancelled_by_nobody,
    cancelled_as_temporal_does,
)
