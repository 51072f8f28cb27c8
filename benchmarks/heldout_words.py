"""Names, and what outlets put around their texts, in a few languages: made up for the held-out set.

`{outlet}` and `{site}` are filled in.
"""

from __future__ import annotations

OUTLETS = (
    "Harbour Post",
    "Northern Echo Daily",
    "Vale Observer",
    "Kestrel News",
    "Morgenblatt",
    "Diario Central",
    "Eastgate Times",
    "Le Courrier",
    "Lakeside Argus",
    "Metro Wire",
)
NAMES = (
    "Anna Keller",
    "Tomas Ruiz",
    "Grace Okafor",
    "Henrik Dahl",
    "Mei Tanaka",
    "Olga Marchenko",
    "Paul Whitfield",
    "Sofia Conti",
    "Idris Bello",
    "Clara Nunes",
)
CITIES = (
    "Aarhus",
    "Bilbao",
    "Cardiff",
    "Durban",
    "Esbjerg",
    "Freiburg",
    "Galway",
    "Haarlem",
    "Izmir",
    "Jaipur",
    "Kaunas",
    "Lucerne",
    "Malaga",
    "Nantes",
    "Osaka",
    "Plovdiv",
    "Quito",
    "Rennes",
    "Szeged",
    "Tampere",
    "Uppsala",
    "Verona",
    "Wuppertal",
    "Zadar",
)

BOILERPLATE: dict[str, tuple[str, ...]] = {
    "en": (
        "You have read the last of your free articles this month. Subscribe to {outlet} from just"
        " one pound a week to keep reading. Cancel at any time. Already a subscriber? Log in here.",
        "{outlet} is a member of the Independent Press Complaints Office. If you have a complaint"
        " about a story, please write to the editor at {site}, giving the date and the page on"
        " which it appeared.",
        "Download our app to get notifications about the stories that matter where you live."
        " Follow {outlet} on social media, or send your pictures and videos to the desk at {site}.",
        "This article was amended after publication. {outlet} uses affiliate links; if you buy"
        " something through them we may earn a small commission at no cost to you. Prices were"
        " correct when the page at {site} went live.",
    ),
    "de": (
        "Lesen Sie {outlet} jetzt vier Wochen lang kostenlos. Alle Artikel, das E-Paper und unser"
        " Archiv auf {site}. Danach jederzeit kündbar. Sie haben schon ein Abo? Hier anmelden.",
        "Dieser Text wurde mit Material der Nachrichtenagenturen erstellt. Haben Sie einen Fehler"
        " entdeckt? Schreiben Sie der Redaktion von {outlet} unter {site}. Rechte vorbehalten.",
    ),
    "fr": (
        "Cet article est réservé aux abonnés. Profitez de toutes les informations de {outlet} pour"
        " un euro le premier mois, sans engagement, sur {site}. Déjà abonné ? Connectez-vous.",
        "Recevez chaque matin la lettre de {outlet} dans votre boîte. Vous pouvez vous désinscrire"
        " à tout moment sur {site}. Vos données sont traitées selon notre politique.",
    ),
    "es": (
        "Para seguir leyendo suscríbete a {outlet} por un euro al mes durante el primer trimestre."
        " Sin permanencia, en {site}. ¿Ya eres suscriptor? Inicia sesión aquí.",
        "Sigue toda la información de {outlet} en nuestras redes o en nuestro boletín semanal."
        " Puedes escribir a la redacción desde {site}. Prohibida la reproducción del contenido.",
    ),
    "pt": (
        "Assine {outlet} e leia sem limites todas as reportagens em {site}. Cancele quando quiser."
        " Já é assinante? Entre com a sua conta.",
        "Receba as notícias de {outlet} no seu telefone, de graça. Clique aqui e entre no nosso"
        " canal. Proibida a reprodução sem autorização de {site}.",
    ),
    "it": (
        "Per continuare a leggere abbonati a {outlet} a un euro al mese su {site}. Disdici quando"
        " vuoi. Sei già abbonato? Accedi qui con le tue credenziali.",
    ),
    "sv": (
        "Läs {outlet} i en månad för en krona på {site}. Ingen bindningstid, avsluta när du vill."
        " Är du redan prenumerant? Logga in här för att läsa vidare.",
    ),
    "ru": (
        "Подписывайтесь на канал {outlet}, чтобы первыми узнавать о главных событиях дня. Прислать"
        " новость в редакцию можно через сайт {site}. При перепечатке ссылка обязательна.",
        "Нашли опечатку? Выделите её и сообщите редакции {outlet}. Мнение авторов может не"
        " совпадать с мнением редакции. Все права защищены, {site}.",
    ),
    "ja": (
        "この記事は会員限定です。{outlet}に登録すると、続きをお読みいただけます。最初の一か月は無料、"
        "いつでも解約できます。登録は{site}から。無断転載を禁じます。",
        "最新のニュースを毎朝メールでお届けします。{outlet}の公式アプリもご利用ください。"
        "ご意見やご感想は{site}までお寄せください。",
    ),
    "zh": (
        "更多精彩内容，请关注{outlet}官方账号。未经授权，不得转载。如需转载请与编辑部联系，"
        "网址{site}。本文仅代表作者个人观点，不代表本网立场。",
        "下载{outlet}客户端，第一时间获取最新资讯。投稿或提供新闻线索请访问{site}，"
        "一经采用即有酬谢。版权所有，侵权必究。",
    ),
}
