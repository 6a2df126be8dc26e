"""What a guest's text asks for: STOP, START or HELP, when it says just that and nothing else.

The whole text must be such a word once case, punctuation and politeness are gone, never a part of it: "When does the
sale stop?" is a friendly question. The English words are those that the networks and the FCC's rule of April 2025 name.
"""

import enum
import re
import unicodedata


class Wish(enum.StrEnum):
    """What a text asks for."""

    STOP = "stop"
    START = "start"
    HELP = "help"


_POLITE = frozenset(
    "please pls plz thanks thank you thx hi hello hey sorry bitte danke hallo servus s il vous te plait svp "
    "merci bonjour per favore piacere prego grazie ciao por favor gracias hola obrigado obrigada kerem kerlek koszonom "
    "prosim prosze dekuji dakujem dziekuje hvala molim lepo alstublieft aub dank u lutfen".split()
)
NETWORK_STOPS = frozenset("stop stopall unsubscribe cancel end quit revoke optout".split())
NETWORK_STARTS = frozenset("start yes unstop".split())

_STOP = """
    stop; stopp; stop all; stop it; stop this; stop now; stop texting; stop texting me; stop sms; stop texts;
    stop messages; stop messaging me; stop sending; stop sending me texts; stop sending me messages; stop the texts;
    stop the messages; unsubscribe; unsubscribe me; cancel; cancel all; end; quit; revoke; opt out; opt me out; optout;
    no more; no more texts; no more messages; no more sms; remove; remove me; take me off; take me off the list;
    leave me alone; do not text me; don t text me; dont text me; no;
    stoppen; stopp sms; abmelden; mich abmelden; melde mich ab; melden sie mich ab; abbestellen; sms abbestellen;
    abbruch; beenden; aufhoren; ende; keine sms; keine sms mehr; keine nachrichten; keine nachrichten mehr;
    nicht mehr schreiben; schreibt mir nicht mehr; nein; austragen; mich austragen;
    arret; arreter; arretez; desabonner; desinscrire; desinscription; plus de sms; plus de messages; non;
    basta; ferma; annulla; cancella; cancellami; disiscrivi; disiscrivimi; fine; niente sms; non scrivetemi piu;
    alto; parar; pare; baja; darme de baja; cancelar; no mas; no mas sms; no mas mensajes; sair; remover;
    leiratkozas; leiratkozom; nem kerek tobb smst; elallok; vege;
    odhlasit; odhlasit se; odhlasit sa; konec; koniec; uz nic; stoj;
    wypisz; wypisz mnie; rezygnuje; nie wysylac;
    odjava; odjavi; odjavi me; odjavite me; dosta; kraj; prekini; prestani; prenehaj; konec sms;
    afmelden; uitschrijven; einde; geen sms; geen berichten meer;
    iptal; dur; durdur; mesaj atma
"""
_START = """
    start; unstop; yes; yes start; subscribe; resubscribe; opt in; opt me in; optin; restart; resume; continue; begin;
    anmelden; wieder anmelden; ja; ja gerne; weiter; starten; beginnen;
    oui; reprendre; reabonner; commencer; si; inizia; riprendi; iscrivimi; empezar; alta; reanudar; sim;
    igen; feliratkozas; ano; prihlasit; prihlasit se; tak; zapisz; zapisz mnie; da; prijava; prijavi me; aanmelden;
    evet; basla
"""
_HELP = """
    help; help me; info; information; who is this; who are you; what is this;
    hilfe; hilfe info; wer ist das; wer seid ihr; wer sind sie; was ist das; impressum;
    aide; qui etes vous; qui est ce; aiuto; chi e; chi siete; ayuda; quien es; ajuda; segitseg; ki ez; pomoc; pomoz;
    kdo je to; kto to jest; pomoc info; tko je to; kdo je; wie is dit; yardim; kim bu
"""


def meaning(body: str) -> Wish | None:
    """What a text asks for; None when it is no such word, or more than one."""
    return _MEANINGS.get(_bare(body))


def is_networks_own(body: str) -> bool:
    """Whether the networks act upon these words, and confirm them, by themselves."""
    return body.strip().strip(".!").lower() in NETWORK_STOPS | NETWORK_STARTS


def _bare(body: str) -> str:
    """The words without accents, case, punctuation and politeness; politeness alone stays."""
    plain = unicodedata.normalize("NFKD", body.casefold().replace("ł", "l").replace("ı", "i"))
    words = re.sub(r"[^a-z0-9]+", " ", "".join(each for each in plain if not unicodedata.combining(each))).split()
    return " ".join(word for word in words if word not in _POLITE)


def _each(wish: Wish, texts: str) -> dict[str, Wish]:
    return {" ".join(each.split()): wish for each in texts.split(";")}


_MEANINGS = _each(Wish.HELP, _HELP) | _each(Wish.START, _START) | _each(Wish.STOP, _STOP)
_MEANINGS |= dict.fromkeys(NETWORK_STOPS, Wish.STOP)
