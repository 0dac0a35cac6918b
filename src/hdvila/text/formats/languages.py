"""Codes of languages: files say ``en``, ``en-US`` or ``eng`` and mean the same."""

from __future__ import annotations

_THREE_LETTERS = """
ara=ar ben=bn bul=bg cat=ca ces=cs cze=cs chi=zh zho=zh dan=da deu=de ger=de dut=nl nld=nl ell=el gre=el eng=en est=et
eus=eu baq=eu fas=fa per=fa fin=fi fra=fr fre=fr glg=gl guj=gu heb=he hin=hi hrv=hr hun=hu hye=hy arm=hy ind=id isl=is
ice=is ita=it jpn=ja kan=kn kat=ka geo=ka kor=ko lat=la lav=lv lit=lt mal=ml mar=mr may=ms msa=ms mkd=mk mac=mk nor=no
nob=nb nno=nn pan=pa pol=pl por=pt ron=ro rum=ro rus=ru slk=sk slo=sk slv=sl spa=es sqi=sq alb=sq srp=sr swa=sw swe=sv
tam=ta tel=te tgl=tl tha=th tur=tr ukr=uk urd=ur vie=vi cym=cy wel=cy gle=ga
"""
_TWO_LETTERS = dict(pair.split("=") for pair in _THREE_LETTERS.split())


def language_code(code: str | None) -> str | None:
    """``"eng"`` -> ``"en"``, ``"EN_us"`` -> ``"en-US"``; None where nothing is said (``und``)."""
    first, *more = (code or "").strip().replace("_", "-").split("-")
    first = first.lower()
    if not 2 <= len(first) <= 3 or not first.isascii() or not first.isalpha() or first in {"und", "mul", "zxx"}:
        return None
    return "-".join([_TWO_LETTERS.get(first, first), *(part.upper() if len(part) == 2 else part for part in more)])


def is_known(code: str) -> bool:
    """Whether it looks like a language and not like three other letters (``mp3``, ``mov``)."""
    first = code.replace("_", "-").split("-")[0].lower()
    return len(first) == 2 or first in _TWO_LETTERS


def same_language(a: str | None, b: str | None) -> bool:
    """Whether two codes mean one language, of whatever country."""
    short_a, short_b = language_code(a), language_code(b)
    return short_a is not None and short_b is not None and short_a.split("-")[0] == short_b.split("-")[0]
