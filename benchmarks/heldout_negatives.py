"""Texts that say the same about other things, notes that say nothing, and round-ups: all made.

A family of templates is one wording; each text of it has other names and numbers, as such texts
have: no two of one family are about the same.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

from benchmarks.heldout_operators import paragraphs, sentences
from benchmarks.heldout_texts import Text
from benchmarks.heldout_words import CITIES, NAMES

# A template's fields: a name, a second one, a city, a second one, and numbers N0, N1 … by kind.
_FIELD = re.compile(r"\{(\w+?)(\d?)\}")
MAX_PART = 0.4
WHOLE = 0.3  # so many of the reports are retold whole
_COMPANIES = (
    "Ardent Foods",
    "Belmond Steel",
    "Corvus Energy",
    "Delta Paper",
    "Elmwood Bank",
    "Fjord Shipping",
    "Garnet Mining",
    "Helix Pharma",
    "Ionis Retail",
    "Juniper Rail",
    "Kestrel Air",
    "Lumen Glass",
    "Marlow Hotels",
    "Norden Timber",
    "Orion Telecom",
    "Pallas Insurance",
)
_SIGNS = ("Aries", "Taurus", "Gemini", "Cancer", "Leo", "Virgo", "Libra", "Scorpio")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("January", "March", "April", "June", "July", "September", "October", "December")

TEMPLATES: dict[str, tuple[str, str]] = {
    "weather_en": (
        "{city} weather: {low} to {high} degrees",
        "Forecasters expect a high of {high} degrees in {city} on {day}, falling to {low} at night."
        " The wind will be from the north at {small} kilometres an hour, with gusts of up to"
        " {high2}. There is a {percent} per cent chance of showers in the afternoon. The pollen"
        " count is moderate and the UV index is {small2}.",
    ),
    "weather_de": (
        "Wetter in {city}: bis zu {high} Grad",
        "In {city} werden am {day} bis zu {high} Grad erwartet, in der Nacht kühlt es auf {low}"
        " Grad ab. Der Wind weht mit {small} Kilometern in der Stunde aus Südwest, in Böen bis"
        " {high2}. Die Regenwahrscheinlichkeit liegt bei {percent} Prozent. Am Wochenende bleibt"
        " es wechselhaft.",
    ),
    "weather_ja": (
        "{city}の天気、最高気温{high}度",
        "{city}は明日、晴れ時々曇りとなり、最高気温は{high}度、最低気温は{low}度の見込みです。"
        "降水確率は{percent}パーセント、北の風{small}メートルでしょう。"
        "花粉の飛散量はやや多く、外出の際はご注意ください。",
    ),
    "shares_en": (
        "{company} shares close at {price} dollars",
        "Shares of {company} closed at {price} dollars on {day}, a change of {percent} cents from"
        " the day before. The stock has traded between {low} and {high} dollars over the past year."
        " Some {thousand} shares changed hands, against a daily average of {thousand2}. Of the"
        " analysts who follow the company {small} rate it a buy.",
    ),
    "shares_es": (
        "{company} cierra en {price} euros",
        "Las acciones de {company} cerraron el {day} en {price} euros, con una variación del"
        " {percent} por ciento respecto al día anterior. Cambiaron de manos {thousand} títulos,"
        " frente a una media diaria de {thousand2}. En lo que va de año el valor acumula un cambio"
        " del {high} por ciento. El precio objetivo de los analistas es de {price2} euros.",
    ),
    "index_zh": (
        "{city}股市收盘报{thousand}点",
        "{city}股市今日收盘，综合指数报{thousand}点，变动{percent}点，成交额{price}亿元。"
        "板块方面，银行、煤炭涨幅居前，半导体、软件跌幅居前。两市共有{thousand2}只个股上涨。"
        "分析人士认为，短期市场仍将维持震荡格局，建议投资者控制仓位。",
    ),
    "fx_ru": (
        "Курс доллара составил {price} рубля",
        "Официальный курс доллара на {day} установлен на уровне {price} рубля, курс евро —"
        " {price2} рубля. Об этом говорится в данных регулятора. Накануне торги завершились на"
        " отметке {high}, объём сделок составил {thousand} миллионов. Баррель нефти подорожал до"
        " {low} доллара.",
    ),
    "match_en": (
        "{name}'s goals take {city} past {city2}",
        "{city} beat {city2} {small}-{small2} on {day} with {name} scoring in the {high} minute and"
        " {name2} making sure from the penalty spot. The visitors had the better of the first half"
        " but could not take their chances in front of {thousand} spectators. {city} move up to"
        " {low} place with {percent} points and play away next week.",
    ),
    "match_es": (
        "{city} gana a {city2} por {small} a {small2}",
        "El {city} venció este {day} al {city2} por {small} a {small2} con goles de {name} y"
        " {name2} en el minuto {high}. Los visitantes dominaron la primera parte pero no supieron"
        " aprovechar sus ocasiones ante {thousand} espectadores. El equipo suma {percent} puntos y"
        " visitará la próxima semana al líder de la categoría.",
    ),
    "table_en": (
        "Standings after {day}",
        "Standings. Pos club P W D L Pts. {city} {small} {low} {high} {percent} {small2}. {city2}"
        " {low2} {small3} {high2} {percent2} {low3}. {name} {small4} {small5} {low4} {high3}"
        " {percent3}. {name2} {low5} {small6} {high4} {percent4} {low6}. Top two are promoted, the"
        " last three are relegated.",
    ),
    "quake_en": (
        "Magnitude {small}.{small2} earthquake near {city}",
        "An earthquake of magnitude {small}.{small2} struck {high} kilometres off {city} on {day},"
        " the geological service said. The quake was at a depth of {percent} kilometres. There were"
        " no immediate reports of damage or injuries, and no tsunami warning was issued.",
    ),
    "quake_ja": (
        "{city}で震度{small}の地震",
        "{day}午後、{city}で震度{small}の地震がありました。気象庁によりますと、震源の深さは"
        "{percent}キロ、地震の規模を示すマグニチュードは{small2}.{small3}と推定されています。"
        "この地震による津波の心配はありません。",
    ),
    "dividend_en": (
        "{company} sets quarterly dividend",
        "{company} said its board declared a quarterly dividend of {percent} cents a share, payable"
        " {month} {low} to shareholders of record {month2} {high}. The company has paid a dividend"
        " for {small} years in a row.",
    ),
    "results_en": (
        "{company} posts quarterly profit",
        "{company} reported a quarterly profit of {price} million dollars, or {percent} cents a"
        " share, on revenue of {thousand} million. A year earlier it earned {price2} million."
        " Analysts had expected {percent2} cents. The company kept its forecast for the year. Its"
        " shares moved {small} per cent in early trading.",
    ),
    "appointment_en": (
        "{company} names {name} as finance chief",
        "{company} has appointed {name} as chief financial officer with effect from {month}. The"
        " new finance chief joins from {company2} and succeeds {name2}, who is leaving after"
        " {small} years to pursue other interests. The board thanked the outgoing officer and said"
        " the search had considered candidates from inside and outside the company.",
    ),
    "obituary_en": (
        "Obituary: {name}, {high}",
        "{name}, {high}, of {city}, died peacefully on {day} surrounded by family. A service will"
        " be held on {month} {low} at the chapel in {city2}, with burial to follow. The family asks"
        " that donations be made to the hospice instead of flowers. Condolences may be left here.",
    ),
    "police_de": (
        "Polizei {city}: Zeugen gesucht nach Unfall",
        "Bei einem Verkehrsunfall in {city} ist am {day} ein {high} Jahre alter Mann leicht"
        " verletzt worden. Er war gegen {small} Uhr mit seinem Wagen von der Fahrbahn abgekommen."
        " Der Schaden liegt bei {thousand} Euro. Zeugen werden gebeten, sich bei der Polizei unter"
        " der Nummer {thousand2} zu melden.",
    ),
    "listing_fr": (
        "Appartement à {city}, {high} m²",
        "À vendre à {city}, appartement de {high} m² au {small}e étage avec ascenseur, deux"
        " chambres, cuisine équipée et balcon exposé au sud. Charges de {percent} euros par mois."
        " Prix {thousand} euros, honoraires compris. Visites sur rendez-vous, contactez l'agence.",
    ),
    "lottery_pt": (
        "Sorteio {thousand}: veja os números",
        "Os números sorteados no concurso {thousand} foram {low}, {high}, {percent}, {low2},"
        " {high2} e {percent2}. O prêmio acumulou e pode chegar a {price} milhões no próximo"
        " sorteio, que será realizado em {city}. As apostas podem ser feitas até as {small} horas.",
    ),
    "horoscope_en": (
        "{sign} horoscope for {day}",
        "{sign}: today the moon brings you closer to someone at work, and a conversation about"
        " money ends better than you feared. Keep {day} free for friends. Lucky number {high},"
        " lucky hour {small}. Love {percent} per cent, work {percent2} per cent.",
    ),
    "oil_en": (
        "Crude settles at {price} dollars",
        "Crude for {month} delivery settled at {price} dollars a barrel on {day}, a change of"
        " {percent} cents. Brent traded at {price2} dollars. Inventories stood at {thousand}"
        " thousand barrels in the week to {month2} {low}, the agency said.",
    ),
    "live_en": (
        "What we know about the fire in {city}",
        "Here is what we know about the fire in {city}. The alarm was raised at {small} o'clock on"
        " {day}. {high} people were taken to hospital and {low} streets were closed. The fire chief"
        " {name} said the cause was not yet known. An emergency number for relatives has been set"
        " up. This page will be updated as we learn more.",
    ),
}
NOTES = (
    "Watch the latest from our newsroom. More to follow.",
    "This gallery shows the best pictures of the week.",
    "Listen to the podcast here or wherever you get your podcasts.",
    "Join the conversation in the comments below this article.",
    "Our reporters answer your questions. Follow along here.",
    "Das Wichtigste am Morgen, zusammengefasst von unserer Redaktion.",
    "Toute l'actualité de la journée en direct sur notre site.",
    "詳しくは動画をご覧ください。",
    "点击查看更多图片和视频报道。",
)

_KINDS: dict[str, Callable[[random.Random], str]] = {
    "name": lambda chance: chance.choice(NAMES),
    "city": lambda chance: chance.choice(CITIES),
    "company": lambda chance: chance.choice(_COMPANIES),
    "sign": lambda chance: chance.choice(_SIGNS),
    "day": lambda chance: chance.choice(_DAYS),
    "month": lambda chance: chance.choice(_MONTHS),
    "small": lambda chance: str(chance.randint(1, 9)),
    "low": lambda chance: str(chance.randint(1, 19)),
    "high": lambda chance: str(chance.randint(20, 95)),
    "percent": lambda chance: str(chance.randint(1, 99)),
    "price": lambda chance: f"{chance.randint(10, 400)}.{chance.randint(10, 99)}",
    "thousand": lambda chance: f"{chance.randint(1, 60)},{chance.randint(100, 999)}",
}


def templates(count: int, chance: random.Random) -> list[tuple[str, str, str]]:
    """(kind, headline, text) of so many a family."""
    made = []
    for family, (headline, text) in TEMPLATES.items():
        for _ in range(count):
            filled: dict[str, str] = {}

            def fill(field: re.Match[str], filled: dict[str, str] = filled) -> str:
                if field[0] not in filled:
                    filled[field[0]] = _KINDS[field[1]](chance)
                return filled[field[0]]

            made.append((f"tmpl_{family}", _FIELD.sub(fill, headline), _FIELD.sub(fill, text)))
    return made


def notes(count: int, chance: random.Random) -> list[tuple[str, str]]:
    """Headlines of so many notes that are all alike."""
    return [
        (
            f"{chance.choice(CITIES)} {chance.choice(('festival', 'trial', 'strike', 'vote'))}"
            f" {chance.randint(1, 9999)}",
            chance.choice(NOTES),
        )
        for _ in range(count)
    ]


def same_boilerplate(
    texts: Sequence[Text], blocks: Sequence[str], chance: random.Random
) -> list[tuple[str, str]]:
    """Real texts, cut short, each in the same outlet's blocks."""
    made = []
    for one in texts:
        own = " ".join(sentences(one.text)[: chance.randint(2, 6)])
        made.append((one.headline, "\n\n".join([own, *blocks])))
    return made


def round_up(texts: Sequence[Text], chance: random.Random) -> tuple[str, str]:
    """Several reports one after the other, the openings or all of them.

    None is more than MAX_PART of the whole: else it would be a copy of that one with others behind.
    """
    told = [(one, paragraphs(one.text)) for one in texts]
    kept = [
        len(own) if chance.random() < WHOLE else chance.randint(1, min(4, len(own)))
        for _, own in told
    ]
    while True:
        lengths = [len("".join(own[:many])) for (_, own), many in zip(told, kept, strict=True)]
        longest = lengths.index(max(lengths))
        if lengths[longest] <= MAX_PART * sum(lengths) or kept[longest] == 1:
            break
        kept[longest] -= 1
    parts = ["Here is what you need to know this morning."]
    for (one, own), many in zip(told, kept, strict=True):
        parts += [one.headline, *own[:many]]
    return f"Morning briefing: {texts[-1].headline[:30]} and more", "\n\n".join(parts)
