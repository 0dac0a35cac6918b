"""Codes and names of languages: ``en``, ``en-US``, ``eng`` and ``English`` are the same language."""

from __future__ import annotations

import unicodedata

_THREE_LETTERS = """
ara=ar ben=bn bul=bg cat=ca ces=cs cze=cs chi=zh zho=zh dan=da deu=de ger=de dut=nl nld=nl ell=el gre=el eng=en est=et
eus=eu baq=eu fas=fa per=fa fin=fi fra=fr fre=fr glg=gl guj=gu heb=he hin=hi hrv=hr hun=hu hye=hy arm=hy ind=id isl=is
ice=is ita=it jpn=ja kan=kn kat=ka geo=ka kor=ko lat=la lav=lv lit=lt mal=ml mar=mr may=ms msa=ms mkd=mk mac=mk nor=no
nob=nb nno=nn pan=pa pol=pl por=pt ron=ro rum=ro rus=ru slk=sk slo=sk slv=sl spa=es sqi=sq alb=sq srp=sr swa=sw swe=sv
tam=ta tel=te tgl=tl tha=th tur=tr ukr=uk urd=ur vie=vi cym=cy wel=cy gle=ga khm=km lao=lo mya=my bur=my
"""
_TWO_LETTERS = dict(pair.split("=") for pair in _THREE_LETTERS.split())

_NAMES = """
arabic=ar العربية=ar bengali=bn bangla=bn bulgarian=bg български=bg catalan=ca català=ca czech=cs čeština=cs chinese=zh
mandarin=zh 中文=zh 简体中文=zh 繁體中文=zh 简体=zh 繁體=zh
繁体=zh danish=da dansk=da german=de deutsch=de dutch=nl nederlands=nl greek=el
ελληνικά=el english=en englisch=en anglais=en inglés=en inglese=en estonian=et eesti=et basque=eu persian=fa farsi=fa
فارسی=fa finnish=fi suomi=fi french=fr français=fr francais=fr galician=gl gujarati=gu hebrew=he עברית=he hindi=hi
हिन्दी=hi croatian=hr hrvatski=hr hungarian=hu magyar=hu armenian=hy indonesian=id indonesia=id icelandic=is íslenska=is
italian=it italiano=it japanese=ja 日本語=ja kannada=kn georgian=ka korean=ko 한국어=ko latvian=lv lithuanian=lt
malayalam=ml marathi=mr malay=ms macedonian=mk norwegian=no norsk=no bokmål=nb punjabi=pa polish=pl polski=pl
portuguese=pt português=pt portugues=pt romanian=ro română=ro russian=ru русский=ru slovak=sk slovenčina=sk
slovenian=sl slovene=sl spanish=es español=es espanol=es albanian=sq serbian=sr srpski=sr swahili=sw swedish=sv
svenska=sv tamil=ta telugu=te tagalog=tl filipino=tl thai=th ไทย=th turkish=tr türkçe=tr ukrainian=uk українська=uk
urdu=ur vietnamese=vi welsh=cy irish=ga khmer=km lao=lo burmese=my
"""
_NAMED = dict(pair.split("=") for pair in unicodedata.normalize("NFC", _NAMES).split())


def language_code(code: str | None) -> str | None:
    """``"eng"`` -> ``"en"``, ``"EN_us"`` -> ``"en-US"``; None if undetermined (``und``)."""
    first, *more = (code or "").strip().replace("_", "-").split("-")
    first = first.lower()
    if not 2 <= len(first) <= 3 or not first.isascii() or not first.isalpha() or first in {"und", "mul", "zxx"}:
        return None
    return "-".join([_TWO_LETTERS.get(first, first), *(part.upper() if len(part) == 2 else part for part in more)])


def language_named(name: str) -> str | None:
    """The code of ``"English"`` or ``"Deutsch"``; None if it is not a known name of a language."""
    return _NAMED.get(unicodedata.normalize("NFC", name).casefold())


def is_known(code: str) -> bool:
    """Whether a code looks like a language, unlike other short strings (``mp3``, ``mov``)."""
    first = code.replace("_", "-").split("-")[0].lower()
    return len(first) == 2 or first in _TWO_LETTERS


def is_language(code: str) -> bool:
    """Whether it is the code of a well-known language, unlike other pairs of letters."""
    first = code.replace("_", "-").split("-")[0].lower()
    return first in _TWO_LETTERS or first in _TWO_LETTERS.values()


def same_language(a: str | None, b: str | None) -> bool:
    """Whether two codes mean the same language, whatever the country."""
    short_a, short_b = language_code(a), language_code(b)
    return short_a is not None and short_b is not None and short_a.split("-")[0] == short_b.split("-")[0]
