"""An organisation's own folder, laid over the content that ships."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.people import Role
from domain.problems import BadInput
from store.content import Content, Mail
from store.content_folders import SHIPPED
from store.definition_file import load_definition, new_definition
from tests.content.test_mails import BEFORE_PAIRS, COMMON
from tests.portal.scene import DEFINITION

MODULE = """---
title: Working with the council
version: 1
minutes: 2
roles: [mentor, mentee]
order: 5
---
What both should know.
"""


def own(folder: Path, **files: str) -> Path:
    """Files by their paths, with `__` for a slash and `_md` or `_yaml` for the ending."""
    for name, text in files.items():
        stem, _, ending = name.replace("__", "/").rpartition("_")
        path = folder / f"{stem}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_a_file_of_theirs_counts_in_place_of_the_one_that_ships(tmp_path: Path) -> None:
    folder = own(
        tmp_path,
        en__mail__not_matched_md="Subject: Another time\n\nNo luck so far.\n",
        en__surveys__pulse_yaml="id: pulse\nversion: 7\ntitle: Well?\nintro: One question.\n"
        "minutes: 1\nitems:\n  - {id: well, kind: scale, text: All well?}\n",
        en__training__feedback_md=MODULE.replace("Working with the council", "Our feedback"),
    )
    content = Content([folder, SHIPPED])
    assert content.mail(Mail.NOT_MATCHED, **COMMON).subject == "Another time"
    assert content.survey("pulse").version == 7
    titles = {module.id: module.title for module in content.training()}
    assert titles["feedback"] == "Our feedback"
    assert titles["boundaries"] == "Boundaries"
    invitation = content.mail(Mail.INVITATION, **COMMON, **BEFORE_PAIRS[Mail.INVITATION])
    assert invitation == Content(SHIPPED).mail(
        Mail.INVITATION, **COMMON, **BEFORE_PAIRS[Mail.INVITATION]
    )


def test_words_are_replaced_key_by_key(tmp_path: Path) -> None:
    folder = own(tmp_path, en__portal_yaml="module:\n  button: Done with it\n")
    words = Content([folder, SHIPPED]).words
    assert words("module.button") == "Done with it"
    assert words("module.all") == Content(SHIPPED).words("module.all")


def test_words_of_the_report_are_replaced_key_by_key_too(tmp_path: Path) -> None:
    folder = own(tmp_path, en__report__words_yaml="verdicts:\n  met: Reached\n")
    words = Content([folder, SHIPPED]).report
    assert words("verdicts.met") == "Reached"
    assert words("verdicts.not_met") == Content(SHIPPED).report("verdicts.not_met")


def test_words_of_the_report_that_can_not_be_read_are_told(tmp_path: Path) -> None:
    content = Content([own(tmp_path, en__report__words_yaml="verdicts: [\n"), SHIPPED])
    with pytest.raises(BadInput) as caught:
        _ = content.report
    assert [problem.file for problem in caught.value.problems] == [
        str(tmp_path / "en/report/words.yaml")
    ]


def test_a_new_module_of_theirs_is_read_by_its_roles(tmp_path: Path) -> None:
    folder = own(tmp_path, en__training__council_md=MODULE)
    for role in Role:
        modules = Content([folder, SHIPPED]).training_of(DEFINITION, role)
        assert modules[0].title == "Working with the council"


def test_the_language_counts_before_whose_folder_it_is(tmp_path: Path) -> None:
    ours = own(
        tmp_path / "ours",
        en__training__council_md=MODULE,
        en__portal_yaml="locale: en_GB\nmodule: {button: Read, all: All}\n",
        cs__portal_yaml="locale: cs_CZ\nmodule: {button: Přečteno}\n",
    )
    theirs = own(
        tmp_path / "theirs",
        en__portal_yaml="module: {all: Everything}\n",
        cs__training__council_md=MODULE.replace("Working with the council", "Práce s radou"),
    )
    czech = Content([theirs, ours, SHIPPED], "cs")
    assert czech.words("module.button") == "Přečteno"
    assert czech.words("module.all") == "Everything"
    assert "Práce s radou" in [module.title for module in czech.training()]
    assert "Working with the council" in [m.title for m in czech.in_language("en").training()]


def test_what_is_wrong_in_their_folder_is_told_with_its_path(tmp_path: Path) -> None:
    folder = own(
        tmp_path,
        en__mail__not_matched_md="No subject",
        en__traning__council_md=MODULE,
        english__portal_yaml="module: {}\n",
    )
    with pytest.raises(BadInput) as caught:
        Content([folder, SHIPPED])
    assert sorted(str(problem).replace(f"{folder}/", "") for problem in caught.value.problems) == [
        "en/mail/not_matched.md, line 1: the first line must be “Subject: ” and the subject.",
        "en/mail/not_matched.md: there is no text after the subject.",
        "en/traning: nothing is read from here. Did you mean “training”?",
        "english: this is not the code of a language. Texts stand in a folder for each language, "
        "such as “en”.",
    ]


def test_the_content_that_ships_has_nothing_that_is_not_read() -> None:
    for language in Content(SHIPPED).languages:
        Content(SHIPPED, language)


def test_a_definition_may_name_their_surveys_modules_and_vocabularies(tmp_path: Path) -> None:
    folder = own(
        tmp_path / "own",
        en__training__council_md=MODULE,
        en__surveys__halfway_yaml="id: halfway\n",
        en__vocabularies__trades_yaml="id: trades\ntitle: Trades\nterms: [{label: Joinery}]\n",
    )
    path = tmp_path / "definition.yaml"
    text = new_definition("Looking up", tmp_path)
    text = text.replace("survey: final", "survey: halfway")
    text = text.replace("vocabularies: [workplace]", "vocabularies: [trades]")
    text = text.replace("training:\n", "training:\n  modules: [council]\n")
    path.write_text(text, encoding="utf-8")
    assert load_definition(path, [folder, SHIPPED]).training.modules == ("council",)
    with pytest.raises(BadInput) as caught:
        load_definition(path)
    assert len(caught.value.problems) == 3
