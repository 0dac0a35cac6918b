"""Parse the XML of subtitle files, which is not always well-formed."""

from __future__ import annotations

import html
import re
from xml.etree.ElementTree import Element, ParseError, XMLParser, fromstring

from hdvila.text.formats.cues import Refused

_OWN_ENTITIES = {"amp", "lt", "gt", "quot", "apos"}
_ENTITY = re.compile(r"&(#?\w{1,32};)?")
_FORBIDDEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def parse_xml(text: str) -> Element:
    """The root element. HTML entities (``&nbsp;``), lone ``&`` and control characters are tolerated.

    Raises:
        Refused: the text is not XML; the message says where.
    """
    if "<!ENTITY" in text:
        raise Refused("it defines XML entities, which subtitle files must not do")
    mended = _ENTITY.sub(_mend, _FORBIDDEN.sub("", text)).lstrip()
    try:
        return fromstring(mended.encode(), parser=XMLParser(encoding="utf-8"))
    except (ParseError, LookupError) as error:
        raise Refused(str(error)) from error


def local_name(element: Element) -> str:
    """The tag without its namespace."""
    return element.tag.rsplit("}", 1)[-1] if isinstance(element.tag, str) else ""


def attribute(element: Element, name: str) -> str | None:
    """The value of an attribute in any namespace."""
    if name in element.attrib:
        return element.attrib[name]
    return next((value for key, value in element.attrib.items() if key.endswith("}" + name)), None)


def _mend(entity: re.Match[str]) -> str:
    name = entity.group(1)
    if name is None:
        return "&amp;"
    if name[:-1] in _OWN_ENTITIES:
        return entity.group()
    character = html.unescape(entity.group())
    return html.escape(_FORBIDDEN.sub("", character)) if character != entity.group() else f"&amp;{name}"
