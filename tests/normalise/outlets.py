"""The boilerplate of ten outlets in five languages, written for these tests.

`before` and `after` are lines around an article's body; `html_before`, `html_after` the same in
markup. None of the outlets exists.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outlet:
    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    html_before: str = ""
    html_after: str = ""


OUTLETS = (
    Outlet(
        "The Harbour Gazette",
        ("By Nora Quill and Sam Pender", "Published 10 March 2026", "Share this article"),
        (
            "Read more: Ferry fares to rise again in spring",
            "Sign up for our daily newsletter and get the best of the Gazette in your inbox.",
            "Follow us on Facebook, Twitter and Instagram for the latest news.",
            "© 2026 The Harbour Gazette. All rights reserved. This material may not be published, "
            "broadcast, rewritten or redistributed without permission.",
        ),
        '<div class="share-buttons"><a href="https://f.example/">Facebook</a></div>',
        '<div class="related-posts"><h3>Related posts</h3><ul><li><a href="/a">Ferry fares'
        " to rise</a></li></ul></div>",
    ),
    Outlet(
        "Northern Ledger",
        ("Advertisement",),
        (
            "Before you go: our journalism is funded by readers. If everyone who reads our "
            "reporting chipped in, our future would be secure. Support independent journalism "
            "from as little as a dollar a month. It takes a minute. Donate now.",
            "Have a news tip? Email us at tips@ledger.example.",
            "Leave a comment",
            "Most read",
        ),
        "<p>Advertisement</p>",
        '<p>The post <a href="https://l.example/x">The minister resigns</a> appeared first on '
        '<a href="https://l.example">Northern Ledger</a>.</p>',
    ),
    Outlet(
        "Abendbote",
        ("Anzeige", "Von Redaktion Abendbote"),
        (
            "Lesen Sie auch: Fähren werden im Frühjahr teurer",
            "Abonnieren Sie unseren Newsletter und bleiben Sie auf dem Laufenden.",
            "Unterstützen Sie uns: Unabhängiger Journalismus kostet Geld. Mit Ihrer Spende "
            "sichern Sie unsere Arbeit.",
            "Haben Sie einen Fehler gefunden? Markieren Sie den Text und drücken Sie Strg + Enter.",
            "© Abendbote. Alle Rechte vorbehalten.",
        ),
        "<p><em>Anzeige</em></p>",
        '<p>Der Beitrag <a href="https://a.example/x">Der Minister geht</a> erschien zuerst auf '
        '<a href="https://a.example">Abendbote</a>.</p>',
    ),
    Outlet(
        "Küstenkurier",
        ("Artikel teilen",),
        (
            "Das könnte Sie auch interessieren",
            "Diese Website verwendet Cookies. Mehr dazu in unserer Datenschutzerklärung.",
            "Folgen Sie uns auf Facebook und Instagram.",
            "Kommentar schreiben",
            "Zur Startseite",
        ),
        "",
        '<div class="newsletter-signup"><p>Jetzt anmelden und nichts verpassen.</p></div>',
    ),
    Outlet(
        "Le Courrier du Port",
        ("Publicité", "Publié le 10 mars 2026"),
        (
            "À lire aussi : Les tarifs du ferry augmentent",
            "Abonnez-vous à notre newsletter et recevez chaque matin l'essentiel dans votre boîte "
            "mail.",
            "Vous appréciez notre travail ? Faites un don : la presse indépendante vit grâce à "
            "votre soutien.",
            "Tous droits réservés. Toute reproduction interdite sans autorisation.",
        ),
        "<p><strong>Publicité</strong></p>",
        '<p>L’article <a href="https://c.example/x">Le ministre démissionne</a> est apparu en '
        'premier sur <a href="https://c.example">Le Courrier du Port</a>.</p>',
    ),
    Outlet(
        "La Voix des Quais",
        ("Partager",),
        (
            "Sur le même sujet",
            "Suivez-nous sur WhatsApp et ne manquez aucune actualité.",
            "Signaler une erreur dans le texte",
            "Commentaires",
        ),
        "",
        '<p class="copyright">© La Voix des Quais</p>',
    ),
    Outlet(
        "El Faro del Sur",
        ("Compartir", "Publicidad"),
        (
            "Te puede interesar: Suben las tarifas del ferry",
            "Suscríbete a nuestro boletín y recibe en tu correo las noticias más importantes.",
            "Síguenos en Facebook, Twitter y nuestro canal de WhatsApp.",
            "Apoya el periodismo independiente: haz una donación.",
            "Todos los derechos reservados. Prohibida la reproducción total o parcial.",
        ),
        "<p>Publicidad</p>",
        '<p>La entrada <a href="https://e.example/x">El ministro dimite</a> se publicó primero en '
        '<a href="https://e.example">El Faro del Sur</a>.</p>',
    ),
    Outlet(
        "Diario de la Ría",
        (),
        (
            "Noticias relacionadas",
            "¿Has encontrado un error? Escríbenos a redaccion@ria.example.",
            "Utilizamos cookies propias y de terceros. Consulta nuestra política de privacidad.",
            "Deja un comentario",
            "Etiquetas: puerto, consejo, río",
        ),
        '<div class="social-share"><p>Comparte</p></div>',
        '<p><a href="https://d.example/2">Suben las tarifas del ferry en primavera</a></p>',
    ),
    Outlet(
        "Портовый вестник",
        ("Реклама",),
        (
            "Читайте также: Паромы подорожают весной",
            "Подпишитесь на наш Telegram-канал, чтобы не пропустить самые важные новости.",
            "Если вы нашли ошибку, выделите её и нажмите Ctrl+Enter.",
            "Поддержите независимую журналистику: сделайте пожертвование.",
            "При перепечатке гиперссылка на «Портовый вестник» обязательна. Все права защищены.",
        ),
        "<p>Реклама</p>",
        '<p>Сообщение <a href="https://p.example/x">Министр уходит</a> появились сначала на '
        '<a href="https://p.example">Портовый вестник</a>.</p>',
    ),
    Outlet(
        "Маяк Онлайн",
        ("Поделиться",),
        (
            "По теме:",
            "Мы существуем благодаря нашим читателям. Станьте патроном: цена чашки кофе в месяц "
            "поможет нам продолжать работу.",
            "Оставить комментарий",
            "Теги: порт, река",
        ),
        "",
        '<div class="jp-relatedposts"><p>Другие новости</p></div>',
    ),
)
