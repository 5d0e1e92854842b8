"""`starter.py export` and `erase`: what a person may ask of who holds data on them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from console.session import run, tell_workflows
from console.stores import err, out, store, told
from console.terminal import FAILED, print_json
from domain.ids import program_workflow_id
from domain.problems import BadInput, Problem
from domain.proposal_words import counted
from domain.traces import Traces
from runtime.forgetting import archives_in, compact, forget_mails, scan_files
from runtime.settings import Settings, load_settings
from store import erasing, erasures, programs
from store.database import Database
from store.erasing import Erased
from store.erasures import Proof
from store.personal_data import personal_data
from store.scanning import scan_tables
from store.tables import PersonRow

app = typer.Typer(add_completion=False)

Who = Annotated[
    str, typer.Argument(metavar="PERSON", help="Their id in your files, mail address, or our id.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document and nothing else.")]


@app.command()
def export(
    person: Who,
    file: Annotated[
        Path | None, typer.Option("--out", metavar="F", help="A new file; without, the terminal.")
    ] = None,
) -> None:
    """Everything that is held about a person, as JSON.

    The same as they can download themselves.
    """
    with told():
        with store(load_settings()) as database:
            identity = _the_person(database, person, _problems_with(file))
            with database.read() as session:
                document = personal_data(session, identity).as_json()
        if file is None:
            typer.echo(document)
            return
        with file.open("x", encoding="utf-8") as opened:
            file.chmod(0o600)
            opened.write(document + "\n")
        out.print(f"Written to {file}. It holds personal data: only you can read it.")


@app.command()
def erase(
    person: Who,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase a person from everything, and prove it.

    Their pairs end kindly for the partners; programs go on.
    """
    with told(as_json=as_json):
        settings = load_settings()
        with store(settings) as database:
            identity = _the_person(database, person, _problems_with_asking(yes))
            if _is_erased_already(database, identity, as_json):
                return
            if not yes:
                for line in _what_goes(_tried(database, identity)):
                    err.print(line, soft_wrap=True)
                if not typer.confirm("Erase all of it? This can't be undone.", err=True):
                    err.print("Nothing was changed.")
                    raise typer.Exit
            proof, digest, were_told = _erase(settings, database, identity)
        if as_json:
            print_json(proof.model_dump(mode="json") | {"digest": digest, "told": were_told})
        else:
            for line in _as_read(proof, digest):
                out.print(line, soft_wrap=True)
            if not were_told:
                out.print(
                    "Temporal could not be told yet. That is kept: partners hear of it once "
                    "“make run” (or your portal) is up."
                )
        if proof.scan.left:
            said = "Something is left: see what the scan found, and take it out by hand."
            err.print(said, style="red")
            raise typer.Exit(FAILED)


# --- Who -----------------------------------------------------------------------------------------


def _the_person(database: Database, given: str, problems: Sequence[Problem]) -> str:
    """The opaque id of who is meant. Raises BadInput with these problems and its own."""
    with database.read() as session:
        found = programs.people_called(session, given)
    said = list(problems)
    if not found:
        said.append(
            Problem(
                file="PERSON",
                message=f"nobody is known by “{given}”.",
                hint="Give their id in your people file, their mail address, or our id (p-…).",
            )
        )
    elif len(found) > 1:
        ids = ", ".join(found)
        said.append(
            Problem(
                file="PERSON",
                message=f"“{given}” is the address of {len(found)} people.",
                hint=f"Give one of our ids: {ids}.",
            )
        )
    if said:
        raise BadInput(said)
    return found[0]


def _problems_with(file: Path | None) -> list[Problem]:
    if file is None:
        return []
    if file.exists():
        return [Problem(file="--out", message=f"{file} is there already.", hint="Name a new file.")]
    if not file.parent.is_dir():
        return [Problem(file="--out", message=f"there is no folder {file.parent}.")]
    return []


def _problems_with_asking(yes: bool) -> list[Problem]:
    if yes or sys.stdin.isatty():
        return []
    message = "nobody can be asked here whether you are sure."
    return [Problem(file="--yes", message=message, hint="Give --yes where there is no terminal.")]


def _is_erased_already(database: Database, person: str, as_json: bool) -> bool:
    with database.read() as session:
        if session.get_one(PersonRow, person).erased_at is None:
            return False
        proofs = erasures.of_person(session, person)
    if as_json:
        print_json({"person": person, "proofs": [one.model_dump(mode="json") for one in proofs]})
    else:
        out.print(f"Nothing is held of {person}: they were erased before. Nothing was changed.")
        for proof in proofs:
            out.print(f"Proof {proof.id}, {erasures.digest_of(proof)}", soft_wrap=True)
    return True


# --- Erasing -------------------------------------------------------------------------------------


class _OnlyTried(Exception):
    """Takes back what was erased to see what would be."""


def _tried(database: Database, person: str) -> Erased:
    """What would be erased, without erasing it."""
    found = Erased(person=person)
    try:
        with database.write() as session:
            found = erasing.erase(session, person)
            raise _OnlyTried
    except _OnlyTried:
        return found


def _erase(settings: Settings, database: Database, person: str) -> tuple[Proof, str, bool]:
    """Erase, look whether anything is left, keep the proof. Gives it, and its digest.

    The mailbox is gone through before and after: what was on its way has arrived by then, and a
    command that is broken off in between can be given again, since the store still knows the name.
    """
    var = settings.var_dir
    with database.read() as session:
        traces = erasing.traces_of(session, [person], words=True)
        addresses = [one.email for one in erasing.named(session, [person])]
    mails = forget_mails(var, traces, addresses)
    with database.write() as session:
        erased = erasing.erase(session, person)
    were_told = run(tell_workflows(settings, database))
    mails += forget_mails(var, traces, addresses)
    compacted = compact(database)
    with database.engine.connect() as connection:
        scan = scan_tables(connection, traces, [person])
    scan += scan_files(var, traces)
    proof = Proof(
        id=erasures.new_id(),
        at=datetime.now(UTC).replace(microsecond=0),
        erased=erased,
        mails=mails,
        compacted=compacted,
        looked_for=len(traces.names) + len(traces.said),
        not_looked_for=len(traces.shared),
        scan=scan,
        unreachable=tuple(_unreachable(settings, database, traces, compacted)),
    )
    with database.write() as session:
        return proof, erasures.save(session, proof), were_told


def _unreachable(
    settings: Settings, database: Database, traces: Traces, compacted: bool
) -> list[str]:
    said = [
        "Backups made before: after restoring one, give this command again, with the opaque id.",
        "Files of yours: people files, sheets and reports that were exported, mail in mailboxes.",
    ]
    archives = [str(traces.out_of(name)) for name in archives_in(settings.var_dir)]
    if archives:
        said.append(f"Packed files in {settings.var_dir.name}: {', '.join(archives)}.")
    if not database.is_sqlite:
        said.append(
            "PostgreSQL's own files, archives and replicas: deleted rows stay in them until their "
            "place is used again."
        )
    elif not compacted:
        said.append("Free pages of the store's file: somebody was using it all the time.")
    if traces.shared:
        said.append("Texts with a name that somebody else has as well: they may mean either.")
    return said


# --- In words ------------------------------------------------------------------------------------


def _what_goes(erased: Erased) -> list[str]:
    lines = [f"This is held of {erased.person}, and would be erased:"]
    lines += _counts(erased)
    lines.append("And mails to them and about them in the embedded mailbox, if there is one.")
    return lines


def _counts(erased: Erased) -> list[str]:
    lines = [
        f"• {program_workflow_id(program)}: "
        + (", ".join(f"{table} {count}" for table, count in counts.items()) or "nothing more")
        for program, counts in erased.programs.items()
    ]
    lines += [f"• in the list for the next program of {scheme}" for scheme in erased.schemes]
    if erased.identity:
        lines.append("• name, mail address, reference, language, time zone")
    return lines


def _as_read(proof: Proof, digest: str) -> list[str]:
    scan = proof.scan
    return [
        f"Erased {proof.erased.person} on {proof.at:%Y-%m-%d %H:%M:%S} UTC:",
        *_counts(proof.erased),
        f"• {counted(proof.mails, 'mail', 'mails')} in the embedded mailbox",
        f"Looked for {counted(proof.looked_for, 'trace', 'traces')} in {scan.rows} rows "
        f"({scan.columns} columns of {scan.tables} tables), {scan.files} files "
        f"({scan.bytes} bytes) and {counted(scan.mails, 'mail', 'mails')}: "
        + ("something is left:" if scan.left else "nothing is left."),
        *(f"• {one.where}: {one.count}" for one in scan.left),
        "Could not be reached:",
        *(f"• {place}" for place in proof.unreachable),
        f"Proof {proof.id}, SHA-256 {digest}",
    ]
