"""Which folder is Drafts, Sent, Trash or an outgoing queue, by the names that mail programs give them.

Only for where the server does not say so itself (SPECIAL-USE, RFC 6154). Names are compared without case, in the
languages of the common mail programs' own translations.
"""

import base64
import re
from collections.abc import Iterable

from connectors.model import Place

_NAMES = {
    Place.DRAFTS: (
        "drafts;draft;draft messages;entwürfe;entwurf;brouillons;brouillon;borradores;borrador;bozze;bozza;rascunhos;"
        "esboços;concepten;concept;utkast;kladder;luonnokset;szkice;kopie robocze;wersje robocze;koncepty;rozepsané;"
        "piszkozatok;ciorne;taslaklar;черновики;чернетки;πρόχειρα;下書き;草稿;草稿箱;草稿匣;임시 보관함;임시보관함"
    ),
    Place.SENT: (
        "sent;sent items;sent mail;sent messages;sent-mail;outgoing;gesendet;gesendete objekte;gesendete elemente;"
        "gesendete nachrichten;envoyés;éléments envoyés;messages envoyés;enviados;elementos enviados;"
        "mensajes enviados;posta inviata;inviata;inviati;itens enviados;mensagens enviadas;verzonden;verzonden items;"
        "verzonden berichten;skickat;skickade objekt;sendt;sendte elementer;sendt post;lähetetyt;wysłane;"
        "elementy wysłane;odeslané;odeslaná pošta;elküldött;elküldött elemek;trimise;gönderilmiş öğeler;gönderilenler;"
        "отправленные;надіслані;απεσταλμένα;送信済み;送信済みアイテム;送信済みメール;已发送;已发送邮件;已傳送郵件;"
        "寄件備份;보낸 편지함;보낸편지함"
    ),
    Place.TRASH: (
        "trash;deleted;deleted items;deleted messages;bin;wastebasket;papierkorb;gelöscht;gelöschte objekte;"
        "gelöschte elemente;corbeille;éléments supprimés;papelera;elementos eliminados;cestino;posta eliminata;"
        "lixeira;lixo;itens eliminados;itens excluídos;prullenbak;verwijderde items;papperskorg;borttagna objekt;"
        "papirkurv;papirkurven;slettede elementer;roskakori;kosz;elementy usunięte;koš;odstraněná pošta;kuka;lomtár;"
        "törölt elemek;coș de gunoi;çöp kutusu;silinmiş öğeler;корзина;удаленные;кошик;κάδος απορριμμάτων;ゴミ箱;"
        "削除済みアイテム;已删除;已删除邮件;垃圾桶;刪除的郵件;휴지통;지운 편지함"
    ),
    Place.QUEUE: (
        "queue;outbox;unsent messages;scheduled;postausgang;boîte d'envoi;bandeja de salida;posta in uscita;"
        "caixa de saída;postvak uit;utkorgen;udbakke;skrzynka nadawcza;исходящие;送信トレイ;发件箱;寄件匣;보낼 편지함"
    ),
}
_JUNK_NAMES = (
    "spam;junk;junk e-mail;junk email;junk mail;bulk mail;unerwünscht;courrier indésirable;correo no deseado;"
    "posta indesiderata;lixo eletrônico;lixo eletrónico;ongewenste e-mail;skräppost;søppelpost;uønsket mail;"
    "roskaposti;wiadomości-śmieci;nevyžádaná pošta;спам;нежелательная почта;迷惑メール;垃圾邮件;垃圾郵件;스팸;"
    "정크 메일"
)
_JUNK = frozenset(_JUNK_NAMES.split(";"))
_BY_NAME = {name: place for place, names in _NAMES.items() for name in names.split(";")}
_SHIFTED = re.compile(r"&([A-Za-z0-9+,]*)-")


def place_of(name: str, separator: str = "/") -> Place | None:
    """What a folder is for, by the last part of its (decoded) name; None for an ordinary one."""
    return _BY_NAME.get(_last(name, separator))


def is_junk(name: str, separator: str = "/") -> bool:
    """Whether a folder holds unwanted mail, by the last part of its (decoded) name."""
    return _last(name, separator) in _JUNK


def best(names: Iterable[str], place: Place, separator: str = "/") -> str | None:
    """The folder for a place: the one nearest to the root, among these the commonest name; None where there is none."""
    order = list(_BY_NAME)
    found = [name for name in names if place_of(name, separator) is place]
    return min(
        found,
        key=lambda name: (name.count(separator), order.index(_last(name, separator)), name),
        default=None,
    )


def decode_utf7(name: str) -> str:
    """A mailbox name out of modified UTF-7 (RFC 3501 section 5.1.3), as Maildir++ has it on disk; broken: as it is."""
    try:
        return _SHIFTED.sub(_unshift, name)
    except ValueError:
        return name


def _unshift(match: re.Match[str]) -> str:
    encoded = match.group(1).replace(",", "/")
    if not encoded:
        return "&"
    return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True).decode("utf-16-be")


def _last(name: str, separator: str) -> str:
    return name.rpartition(separator)[2].strip().casefold()
