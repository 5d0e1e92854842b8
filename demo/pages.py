"""A page of the portal as the simulated people read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bs4 import BeautifulSoup
from bs4.element import Tag

Choose = Callable[[str, str, list[str]], str]
"""What goes into a field, by its name, its type and the values it may have."""


@dataclass
class Page:
    """A page of the portal, with what can be filled in and where it leads on to."""

    forms: list[Tag]
    onward: list[str] = field(default_factory=list)
    """Where its links lead that look like buttons."""
    ways: list[str] = field(default_factory=list)
    """Where all of its links lead."""

    @classmethod
    def read(cls, html: str) -> Page:
        """Read a page as a browser would."""
        page = BeautifulSoup(html, "html.parser")
        onward = [str(link["href"]) for link in page.select("a.button[href]")]
        ways = [str(link["href"]) for link in page.select("main a[href]")]
        return cls(page.find_all("form"), onward, ways)

    def leads_to(self, purpose: str) -> str | None:
        """Where it leads on to a page of this purpose."""
        return next((link for link in self.onward if purpose_of(link) == purpose), None)

    def way_to(self, purpose: str) -> str | None:
        """Where any of its links leads to a page of this purpose."""
        return next((link for link in self.ways if purpose_of(link) == purpose), None)

    def to_sign(self, *, suggests: bool) -> str | None:
        """A field of the form with which an agreement is signed; None where there is none to sign.

        `suggests` is whether the person would rather have other choices than their partner.
        """
        if any(form.select_one('[name="how"]') for form in self.forms):
            return "signs" if suggests else "how"
        first = (form for form in self.forms if form.find_parent("details") is None)
        return "signs" if any(form.select_one('[name="signs"]') for form in first) else None

    def fill(self, choose: Choose, having: str | None = None) -> dict[str, str]:
        """Fill in the first form, or the one with a field of this name."""
        wanted = [f for f in self.forms if not having or f.select_one(f'[name="{having}"]')]
        form = wanted[0] if wanted else None
        if form is None:
            return {}
        values: dict[str, str] = {}
        radios: dict[str, list[str]] = {}
        for element in form.find_all(["input", "textarea", "button"]):
            name = str(element.get("name") or "")
            kind = "textarea" if element.name == "textarea" else str(element.get("type") or "")
            if not name:
                continue
            if element.name == "button":
                radios.setdefault(name, []).append(str(element.get("value") or ""))
            elif kind == "radio":
                radios.setdefault(name, []).append(str(element.get("value")))
            elif kind == "checkbox":
                values[name] = str(element.get("value") or "on")
            elif kind == "hidden":
                values[name] = str(element.get("value") or "")
            else:
                values[name] = choose(name, kind or "text", [])
        for name, options in radios.items():
            values[name] = choose(name, "choice", options)
        return {name: value for name, value in values.items() if value}


def purpose_of(link: str) -> str:
    """Which page of the portal a link opens: the first part of its path."""
    return urlsplit(link).path.strip("/").split("/")[0]
